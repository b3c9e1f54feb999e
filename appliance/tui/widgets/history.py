"""One rate over the last minutes."""

from textual.content import Content
from textual.widget import Widget

from appliance.core.messages import Message, _
from appliance.tui import figures
from appliance.tui.drawing import history


class HistoryChart(Widget):
    """Columns that move to the left; title, present value and peak are in the border."""

    def __init__(self, title: Message, style: str, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._title = title
        self._style = style
        self._values: tuple[float | None, ...] = ()

    def show(self, values: tuple[float | None, ...], language: str) -> None:
        """Draw `values`, one a reading, oldest first."""
        self._values = values
        now = figures.per_second(values[-1] if values else None)
        self.border_title = f"{self._title.render(language)}  {now}"
        peak = max((value for value in values if value is not None), default=None)
        self.border_subtitle = _("peak {value}", value=figures.per_second(peak)).render(language)
        self.refresh()

    def render(self) -> Content:
        """Return the columns."""
        return Content("\n").join(history(self._values, self.size.width, self.size.height, self._style))
