"""Keys of the screens of scenarios."""

from appliance.core.messages import _
from appliance.tui.command import Command

TRY = Command("scenarios.try", "t", "try_here", _("Try it"), _("Try the scenario here, with an example or your own."))
COPY = Command(
    "scenarios.copy", "c", "copy", _("Copy call"), _("Copy the example call to the clipboard of your terminal program.")
)
LEAVE = Command("scenarios.leave", "escape", "leave", _("Back"), _("Stop waiting for an answer, or go back."), "Esc")
MORE = Command("scenarios.more", "n", "more", _("Try another"), _("Choose or write something else to try."))

KEYS: tuple[Command, ...] = (TRY, COPY, LEAVE, MORE)
"""All of them, for `commands.COMMANDS`."""
