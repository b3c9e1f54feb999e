"""What is wrong now, and what changed lately, in a few lines."""

from collections.abc import Sequence
from typing import Final

from textual.content import Content

from appliance.core.messages import _
from appliance.operations.alerts import Alert
from appliance.operations.changes import Change
from appliance.tui.drawing import FAINT, MUTED, one_line
from appliance.tui.view import View
from appliance.tui.widgets.lines import Lines

LEVELS: Final = {"failed": ("✖", "$text-error"), "warning": ("▲", "$text-warning")}
CHANGED: Final = {"good": ("●", "$text-success"), "bad": ("✖", "$text-error"), "plain": ("·", MUTED)}
_MOST: Final = 5


class AlertLine(Lines):
    """The first alert and how many there are; without one it takes no room."""

    def show(self, view: View) -> None:
        """Draw the alerts of `view`."""
        self.set_class(not view.alerts, "-none")
        if not view.alerts:
            return
        first = view.alerts[0]
        more = _("{key} shows all", key="a") if len(view.alerts) > 1 else _("{key} shows what to do", key="a")
        what = one_line(first.what.render(view.language))
        self.say(Content.assemble(alert_counts(view), "  ", (what, "bold"), (f"  {more.render(view.language)}", MUTED)))


class AlertsBox(Lines):
    """The first alerts, one a line."""

    def show(self, view: View) -> None:
        """Draw the alerts of `view`."""
        self.border_title = _("Alerts").render(view.language)
        self.border_subtitle = _more(view.alerts, "a", view.language)
        if view.status is None:
            self.say(Content.styled("–", FAINT))
        elif not view.alerts:
            self.say(Content.assemble(("● ", "$text-success"), _("Nothing is wrong.").render(view.language)))
        else:
            self.say(Content("\n").join(alert_line(alert, view.language) for alert in view.alerts[:_MOST]))


class ChangesBox(Lines):
    """The last changes, one a line, the newest first."""

    def show(self, view: View) -> None:
        """Draw the changes of `view`."""
        self.border_title = _("Last hour").render(view.language)
        self.border_subtitle = _more(view.changes, "h", view.language)
        if view.changes:
            newest = list(reversed(view.changes))[:_MOST]
            self.say(Content("\n").join(change_line(change, view.language) for change in newest))
        else:
            nothing = _("Nothing has changed since this terminal was opened.")
            self.say(Content.styled(nothing.render(view.language), MUTED))


def alert_counts(view: View) -> Content:
    """Return how many alerts there are of each level, such as `✖ 3  ▲ 3`."""
    counts = []
    for level, (shape, style) in LEVELS.items():
        count = sum(alert.level == level for alert in view.alerts)
        if count:
            counts.append(Content.styled(f"{shape} {count}", style))
    return Content("  ").join(counts)


def alert_line(alert: Alert, language: str) -> Content:
    """Return an alert on one line."""
    return Content.assemble(LEVELS[alert.level], " ", one_line(alert.what.render(language)))


def change_line(change: Change, language: str) -> Content:
    """Return a change on one line, with its time of day."""
    at = change.at.astimezone().strftime("%H:%M:%S")
    return Content.assemble((at, MUTED), "  ", CHANGED[change.level], " ", one_line(change.what.render(language)))


def _more(found: Sequence[Alert] | Sequence[Change], key: str, language: str) -> str:
    if not found:
        return ""
    return _("{count} · {key} shows all", count=len(found), key=key).render(language)


def about(view: View, subject: str) -> Content:
    """Return the alerts and changes of one node or application, with what to do."""
    language, lines = view.language, list[Content]()
    for alert in view.alerts:
        if alert.subject == subject:
            lines.append(alert_line(alert, language))
            lines.append(Content.assemble(("  → ", "$primary"), alert.todo.render(language)))
            lines.append(Content.styled(f"  $ {one_line(alert.command)}", MUTED))
    lines += [change_line(change, language) for change in reversed(view.changes) if change.subject == subject]
    if not lines:
        nothing = _("Nothing is wrong, and nothing has changed since this terminal was opened.")
        return Content.styled(nothing.render(language), MUTED)
    return Content("\n").join(lines)
