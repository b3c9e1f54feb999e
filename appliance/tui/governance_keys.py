"""Keys of the governance screens."""

from appliance.core.messages import _
from appliance.tui.command import Command

BLOCKED = Command(
    "governance.blocked", "b", "blocked", _("Blocked"), _("Show what guardrails blocked since yesterday began.")
)
VERIFY = Command("governance.verify", "v", "verify", _("Verify log"), _("Check that nobody changed the audit log."))
NEW = Command("governance.new", "n", "new", _("New"), _("Fill in a form for a new one."))
ROTATE = Command(
    "governance.rotate", "o", "rotate", _("Replace"), _("Make a successor that may do the same; the old key ends.")
)
REVOKE = Command("governance.revoke", "x", "revoke", _("Revoke"), _("Make the chosen key worthless for good."))
DISABLE = Command("governance.disable", "d", "switch('disable')", _("Keep out"), _("Keep the chosen person out."))
ENABLE = Command("governance.enable", "e", "switch('enable')", _("Let in"), _("Let the chosen person in again."))
UNLOCK = Command(
    "governance.unlock", "u", "switch('unlock')", _("Unlock"), _("End the pause after failed attempts to sign in.")
)
SET = Command("governance.set", "s", "set_limits", _("Set limits"), _("Set limits of the chosen one, or of another."))
REMOVE = Command("governance.remove", "x", "remove", _("Remove"), _("Take back what was set here."))
GROUP = Command("governance.group", "g", "group", _("Group by"), _("Add up by day, tenant or model."))
PERIOD = Command("governance.period", "p", "period", _("Period"), _("Look at more or fewer days."))
ACTION = Command("governance.action", "f", "only", _("Only …"), _("Show all, only what was blocked, only masked …"))
STATE = Command("governance.state", "f", "filter", _("Waiting/all"), _("Show what waits for a decision, or all."))
APPROVE = Command("governance.approve", "a", "decide('approve')", _("Approve"), _("Let the change be made, once."))
REFUSE = Command("governance.refuse", "x", "decide('refuse')", _("Refuse"), _("Do not let it be made; say why."))
READY = Command("governance.ready", "f", "ready", _("Ready filters"), _("Choose a search that is asked for often."))
SEARCH = Command("governance.search", "s", "search", _("Search"), _("Fill in what the records must tell."))
OLDER = Command("governance.older", "n", "older", _("Older"), _("Show the records before these."))
NEWER = Command("governance.newer", "p", "newer", _("Newer"), _("Show the records after these."))
REQUEST = Command("governance.request", "o", "request", _("Whole request"), _("Show every record of the same request."))
CONTENT = Command(
    "governance.content", "c", "content", _("Read text"), _("Open the text that was kept; this is recorded.")
)
KEPT = Command("governance.kept", "escape", "kept", _("I have kept it"), _("Close; the key is not shown again."), "Esc")
WRITE = Command("governance.write", "w", "write", _("Into a file"), _("Write it into a file that only you can read."))
CHOICE_NEXT = Command("form.next", "right", "another(1)", _("Next value"), _("Take the next value."), "→", show=False)
CHOICE_PREVIOUS = Command(
    "form.previous", "left", "another(-1)", _("Value before"), _("Take the value before."), "←", show=False
)
FIELD_NEXT = Command(
    "form.down", "down", "app.focus_next", _("Next field"), _("Go to the next field."), "↓", show=False
)
FIELD_PREVIOUS = Command(
    "form.up", "up", "app.focus_previous", _("Field before"), _("Go to the field before."), "↑", show=False
)
TAKE = Command("form.take", "ctrl+s", "send", _("Continue"), _("Take what is written and go on."), "Ctrl+S")
LEAVE = Command("form.leave", "escape", "cancel", _("Cancel"), _("Go back; nothing is changed."), "Esc")

KEYS: tuple[Command, ...] = (
    BLOCKED, VERIFY, NEW, ROTATE, REVOKE, DISABLE, ENABLE, UNLOCK, SET, REMOVE, GROUP, PERIOD, ACTION, STATE, APPROVE,
    REFUSE, READY, SEARCH, OLDER, NEWER, REQUEST, CONTENT, KEPT, WRITE, CHOICE_NEXT, CHOICE_PREVIOUS, FIELD_NEXT,
    FIELD_PREVIOUS, TAKE, LEAVE,
)  # fmt: skip
"""All of them, for `commands.COMMANDS`."""
