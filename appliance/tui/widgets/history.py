"""One figure over the last minutes."""

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from appliance.core.messages import Message, _
from appliance.tui import figures
from appliance.tui.drawing import history


class HistoryChart(Widget):
    """Columns that move to the left; title, present value and peak are in the border."""

    def __init__(
        self,
        title: Message,
        style: str,
        *,
        id: str,  # noqa: A002 - Textual's name
        told: Callable[[float | None], str] = figures.per_second,
        full: float | None = None,
    ) -> None:
        """`told` writes a value; `full` is that of a column as high as the chart, by default the largest one."""
        super().__init__(id=id)
        self._title = title
        self._style = style
        self._told = told
        self._full = full
        self._values: tuple[float | None, ...] = ()

    def show(self, values: tuple[float | None, ...], language: str) -> None:
        """Draw `values`, one a reading, oldest first."""
        self._values = values
        now = self._told(values[-1] if values else None)
        self.border_title = f"{self._title.render(language)}  {now}"
        peak = max((value for value in values if value is not None), default=None)
        self.border_subtitle = _("peak {value}", value=self._told(peak)).render(language)
        self.refresh()

    def show_if_known(self, values: tuple[float | None, ...], language: str) -> None:
        """Draw `values`; where none is known the chart takes no room."""
        self.display = any(value is not None for value in values)
        if self.display:
            self.show(values, language)

    def render(self) -> Content:
        """Return the columns."""
        lines = history(self._values, self.size.width, self.size.height, self._style, self._full)
        return Content("\n").join(lines)
