"""Keys of the capacity screens."""

from appliance.core.messages import _
from appliance.tui.command import Command

FORECAST = Command("capacity.forecast", "f", "forecast", _("Forecast"), _("Show use by day and where it is going."))
WHAT_IF = Command(
    "capacity.what_if", "w", "what_if", _("What if"), _("Plan with more users, more nodes or another model.")
)
JOIN = Command("capacity.join", "j", "join", _("Join"), _("Tokens with which other machines join."))

CORDON = Command("node.cordon", "c", "cordon", _("Cordon"), _("Give the node no new work; what runs there goes on."))
UNCORDON = Command("node.uncordon", "u", "uncordon", _("Uncordon"), _("Give the closed node new work again."))
DRAIN = Command("node.drain", "d", "drain", _("Drain"), _("Empty the node: running requests end, new go elsewhere."))
REMOVE = Command("node.remove", "x", "remove", _("Remove"), _("Drain the node and take it out of the appliance."))

SCALE = Command("model.scale", "s", "scale", _("Replicas"), _("Set the number of replicas, or its limits."))

NEW_TOKEN = Command("token.new", "n", "new", _("New token"), _("Make a token for one machine."))
REVOKE_TOKEN = Command("token.revoke", "x", "revoke", _("Revoke"), _("Revoke the chosen token at once and for good."))
COPY = Command("token.copy", "c", "copy", _("Copy"), _("Give the command to the clipboard of your terminal program."))

PLAN = Command("what_if.plan", "ctrl+s", "plan", _("Plan"), _("Plan with what is written here."), "Ctrl+S")
APPLY = Command("what_if.apply", "a", "apply", _("Apply"), _("Write what was planned into the site file."))

KEYS: tuple[Command, ...] = (
    FORECAST, WHAT_IF, JOIN, CORDON, UNCORDON, DRAIN, REMOVE, SCALE, NEW_TOKEN, REVOKE_TOKEN, COPY, PLAN, APPLY,
)  # fmt: skip
