"""Screens and dialogs whose keys are described in the reader's language."""

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, cast

from textual.binding import ActiveBinding
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from appliance.tui.commands import COMMANDS

if TYPE_CHECKING:
    from appliance.tui.app import TerminalApp

_Result = TypeVar("_Result")


class LocalisedScreen(Screen[_Result]):
    """Puts labels and tooltips of the active keys into the app's language; footer and help read them here."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """What has the focus. It, and what had it, draw themselves: the toolkit would draw the whole screen again."""

    @property
    def terminal(self) -> "TerminalApp":
        """The app this screen belongs to."""
        return cast("TerminalApp", self.app)

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """Return the active keys with their texts in the app's language."""
        language = self.terminal.language
        active = {}
        for key, entry in super().active_bindings.items():
            command = COMMANDS.get(entry.binding.id or "")
            if command is None:
                active[key] = entry
                continue
            tip = command.tip.render(language)
            described = replace(entry.binding, description=command.label.render(language), tooltip=tip)
            active[key] = entry._replace(binding=described, tooltip=tip)
        return active


class LocalisedDialog(ModalScreen[_Result], LocalisedScreen[_Result]):
    """The same for a dialog over another screen."""
