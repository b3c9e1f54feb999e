"""What came of the last action."""

from textual.content import Content

from appliance.tui.view import Notice
from appliance.tui.widgets.lines import Lines

_MARKS = {"done": ("✓ ", "$text-success"), "warning": ("▲ ", "$text-warning"), "failed": ("✖ ", "$text-error")}


class NoticeLine(Lines):
    """A message and a hint; without a notice it takes no room."""

    def show(self, notice: Notice | None, language: str) -> None:
        """Draw `notice`."""
        self.display = notice is not None
        if notice is None:
            return
        parts = [_MARKS[notice.kind], (notice.message.render(language), "bold")]
        if notice.hint is not None:
            parts.append((f" {notice.hint.render(language)}", ""))
        self.say(Content.assemble(*parts))
