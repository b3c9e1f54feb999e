"""Use by day over the last weeks."""

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from appliance.core.messages import Message, _
from appliance.operations.forecast import Day
from appliance.tui import figures
from appliance.tui.drawing import FAINT, MUTED, fit, history

_COLUMN_CELLS = (3, 2, 1)


class UseChart(Widget):
    """A column a day, the newest at the right; below it the first and the last day that are drawn."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes="panel")
        self._days: Sequence[Day] = ()
        self._empty = ""

    def show(self, title: Message, days: Sequence[Day] | None, language: str) -> None:
        """Draw the requests of `days`, the oldest first; None: they were not read yet."""
        self._empty = (_("Reading …") if days is None else _("Nothing was used yet.")).render(language)
        days = days or ()
        self._days = days
        self.border_title = title.render(language)
        peak = max((day.requests for day in days), default=None)
        told = _("peak {value}", value=figures.UNKNOWN if peak is None else figures.count(peak))
        self.border_subtitle = told.render(language)
        self.refresh()

    def render(self) -> Content:
        """Return the columns, as wide as fits, and the days."""
        if not self._days:
            return Content.styled(self._empty, MUTED)
        width, height = self.size.width, self.size.height - 1
        cells = next((cells for cells in _COLUMN_CELLS if cells * len(self._days) <= width), 1)
        shown = self._days[-(width // cells) :]
        values = [float(day.requests) for day in shown for _cell in range(cells)]
        lines = history(values, cells * len(shown), height) if height > 0 else []
        return Content("\n").join([*lines, _days(shown, cells * len(shown))])


def _days(shown: Sequence[Day], width: int) -> Content:
    first, last = (day.day.strftime("%m-%d") for day in (shown[0], shown[-1]))
    if width < len(first) + len(last) + 1:
        return Content.styled(fit(last, max(width, len(last))), FAINT)
    return Content.styled(first + fit(last, width - len(first), "right"), FAINT)
