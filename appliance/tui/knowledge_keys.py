"""Keys of the screens of knowledge bases."""

from appliance.core.messages import _
from appliance.tui.command import Command

QUEUE = Command(
    "knowledge.queue", "i", "queue", _("Intake"), _("Show what waits to be read, is being read, or failed.")
)
SEARCH = Command("knowledge.search", "s", "search", _("Search"), _("Search in the base for passages, without a model."))
UPLOAD = Command("knowledge.upload", "u", "upload", _("Upload"), _("Put a file or a folder of this machine into it."))
REBUILD = Command(
    "knowledge.rebuild", "b", "rebuild", _("Rebuild"), _("Make the base's search index again from its documents.")
)
DELETE = Command("knowledge.delete", "d", "delete", _("Delete"), _("Delete the document with all its versions."))
TROUBLED = Command("knowledge.filter", "f", "filter", _("Unread/all"), _("Show what cannot be searched yet, or all."))
TAKE = Command("knowledge.take", "ctrl+s,enter", "take", _("Continue"), _("Go on to the confirmation."), "Enter")

KEYS: tuple[Command, ...] = (QUEUE, SEARCH, UPLOAD, REBUILD, DELETE, TROUBLED, TAKE)
"""All of them, for `commands.COMMANDS`."""
