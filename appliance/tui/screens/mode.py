"""What all screens with a number share: top line, fault banner, body, command line, footer."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Resize

from appliance.tui.screens.localised import LocalisedScreen, _Result
from appliance.tui.view import Connection, View
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.key_line import KeyLine
from appliance.tui.widgets.title_bar import TitleBar


class ModeScreen(LocalisedScreen[_Result]):
    """A screen of one mode. The app calls `show` at each reading of the status and at a change of language."""

    MODE: ClassVar[str]
    """Its name in `commands.MODES`."""
    COMPACT_BELOW: ClassVar[int] = 80
    """Cells of width that its keys need with air between them."""
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short"), (32, "-tall")]  # noqa: RUF012 - Textual reads the class attribute

    def compose(self) -> ComposeResult:
        """Lay out the parts from top to bottom."""
        yield TitleBar()
        yield FaultBanner()
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """Yield what is this screen's own."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Draw what the app knows already."""
        self.show(self.terminal.view)

    def on_resize(self, event: Resize) -> None:
        """Bring the keys closer together where they would not fit."""
        self.query_one(KeyLine).compact = event.size.width < self.COMPACT_BELOW

    def on_screen_resume(self) -> None:
        """Catch up with what was read while another screen was in front."""
        self.show(self.terminal.view)

    def show(self, view: View) -> None:
        """Draw everything, in the language of `view`."""
        self.query_one(TitleBar).show(view, self.MODE, self.connection(view))

    def connection(self, view: View) -> Connection:
        """Tell whether this screen's own data come in; those of most come with the status."""
        return view.connection

    def reload(self) -> None:
        """Read this screen's own data now; the app reads the status."""
