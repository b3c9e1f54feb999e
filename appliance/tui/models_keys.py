"""Keys of the screens of models and packages."""

from appliance.core.messages import _
from appliance.tui.command import Command

ROLL_BACK = Command("models.rollback", "b", "roll_back", _("Roll back"), _("Let the version before be in use again."))
PROMOTE = Command("models.promote", "p", "promote", _("Promote"), _("Let the candidate serve everybody, once tested."))
STAGE = Command("models.stage", "s", "stage", _("New version"), _("Start another version beside the one that serves."))
SPLIT = Command("models.split", "a", "split", _("A/B split"), _("Send a part of the requests to the candidate."))
DROP = Command("models.drop", "x", "drop", _("Drop"), _("Stop the candidate; what serves goes on."))
LICENCE = Command("models.licence", "t", "licence", _("Licence"), _("Read the text of the licence."))
AVAILABLE = Command("packages.available", "n", "available", _("New packages"), _("Look for packages on USB sticks."))
REMOVE = Command("packages.remove", "x", "remove", _("Remove"), _("Remove the package with every release of it."))
INSTALL = Command("packages.install", "i", "install", _("Install"), _("Check the chosen package and put it in use."))
TRUST = Command("packages.trust", "t", "trust", _("Trust key"), _("Take packages of this maker from now on."))
FOLDER = Command("packages.folder", "f", "folder", _("Folder"), _("Look for packages in a folder that you name."))

KEYS: tuple[Command, ...] = (
    ROLL_BACK, PROMOTE, STAGE, SPLIT, DROP, LICENCE, AVAILABLE, REMOVE, INSTALL, TRUST, FOLDER,
)  # fmt: skip
"""All of them, for `commands.COMMANDS`."""
