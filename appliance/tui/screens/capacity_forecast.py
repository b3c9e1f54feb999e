"""Use by day of each model, its trend, and when there are as many users as the plan carries."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.operations.forecast import Forecast, assumption, in_words
from appliance.tui import capacity_words as words
from appliance.tui import commands, figures
from appliance.tui.capacity_source import ALL
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.capacity_base import CapacityBase
from appliance.tui.view import View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.use_chart import UseChart

_EVERYTHING = "everything"
_Row = tuple[str, Forecast]
_COLUMNS = (
    Column[_Row](_("Model"), 10, lambda r, lang: _name(r, lang), style=lambda _r: "bold", grows=True),
    Column[_Row](_("Req./day"), 8, lambda r, _l: words.amount(r[1].requests_a_day), align="right"),
    Column[_Row](_("a week"), 9, lambda r, _l: words.trend(r[1].requests), align="right"),
    Column[_Row](_("Tok./day"), 8, lambda r, _l: words.amount(r[1].tokens_a_day), align="right", rank=1),
    Column[_Row](_("a week"), 9, lambda r, _l: words.trend(r[1].tokens), align="right", rank=1),
    Column[_Row](_("Users"), 9, lambda r, _l: _users(r), align="right"),
    Column[_Row](_("Full"), 22, lambda r, lang: _full(r, lang), style=lambda r: _style(r)),
)


class ForecastScreen(CapacityBase):
    """One row a model, the graph of the chosen one, and what all of it rests on."""

    AUTO_FOCUS = "RowList"
    BINDINGS = [commands.BACK.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def body(self) -> ComposeResult:
        """Yield table, graph and sentences."""
        yield NoticeLine()
        yield Listing[_Row](id="capacity-use")
        yield UseChart(id="capacity-use-chart")
        yield Lines(id="capacity-use-words")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the figures."""
        super().show(view)
        listing = self.query_one("#capacity-use", Listing)
        listing.border_title = _("Mean of the last 7 days, and the trend of the last 8 weeks").render(view.language)
        found = self._found()
        listing.show({key: (key, one) for key, one in found.items()}, _COLUMNS, _("Reading …"), view.language)
        self.query_one(CommandLine).show("appliance usage --since 8w")
        self._show_chosen()

    def _found(self) -> dict[str, Forecast]:
        """Return the models and, last, everything, under keys that a widget takes."""
        found = self.known.forecasts()
        everything = found.pop(ALL, None)
        return found if everything is None else found | {_EVERYTHING: everything}

    def _show_chosen(self) -> None:
        language, found = self.terminal.language, self._found()
        key = self.query_one("#capacity-use", Listing).chosen
        chosen = found.get(key or "")
        if key is None or chosen is None:
            return
        title = _("Requests by day: {model}", model=_name((key, chosen), language))
        self.query_one("#capacity-use-chart", UseChart).show(title, chosen.days, language)
        sentences: list[Message] = [assumption()]
        if key != _EVERYTHING:
            sentences.insert(0, in_words(chosen))
        first, *others = sentences
        self.query_one("#capacity-use-words", Lines).say(
            Content("\n").join(
                [Content.styled(first.render(language), "bold" if others else MUTED)]
                + [Content.styled(other.render(language), MUTED) for other in others]
            )
        )

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the graph of the chosen row."""
        self._show_chosen()


def _name(row: _Row, language: str) -> str:
    return _("everything").render(language) if row[0] == _EVERYTHING else one_line(row[0])


def _users(row: _Row) -> str:
    key, found = row
    limit = "" if key == _EVERYTHING else f"/{figures.UNKNOWN if found.limit is None else found.limit}"
    return words.amount(found.users_at_once) + limit


def _full(row: _Row, language: str) -> str:
    return figures.UNKNOWN if row[0] == _EVERYTHING else words.when(row[1]).render(language)


def _style(row: _Row) -> str:
    return {"reached": "$text-error", "on": "$text-warning"}.get(row[1].outlook, "")
