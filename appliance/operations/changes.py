"""What changed between one reading of the status and the next. Pure; knows no screen and no clock of its own."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from appliance.core.messages import Message, _, one_or_many
from appliance.operations.alerts import KINDS, application_key, node_name

if TYPE_CHECKING:
    from appliance.core.status import ApplianceStatus, ApplicationStatus, NodeStatus

KEPT: Final = timedelta(hours=1)
_MOST: Final = 500


@dataclass(frozen=True)
class Change:
    """Something that is other than it was. `subject` is a node's address, or `kind/name`; empty: the appliance."""

    at: datetime
    level: Literal["good", "bad", "plain"]
    what: Message
    subject: str = ""
    who: str = ""
    """Who did it, where that is known."""


class ChangeWatch:
    """Compares each reading with the one before, and keeps what changed in the last hour, the newest last."""

    def __init__(self) -> None:
        self._before: ApplianceStatus | None = None
        self._away = False
        self._changes: deque[Change] = deque(maxlen=_MOST)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What changed in the hour before the last reading."""
        return tuple(self._changes)

    def observe(self, status: "ApplianceStatus") -> None:
        """Take a reading."""
        now, before = datetime.fromisoformat(status.taken_at), self._before
        if self._away:
            self._changes.append(Change(now, "good", _("The appliance answers again.")))
        if before is not None:
            if status.uptime_s < before.uptime_s:
                self._changes.append(Change(now, "plain", _("The appliance was started anew.")))
            if before.version != status.version:
                what = _("The version is now {version}.", version=status.version)
                self._changes.append(Change(now, "plain", what))
            self._changes.extend(_node_changes(before, status, now))
            self._changes.extend(_application_changes(before, status, now))
        self._before, self._away = status, False
        while self._changes and now - self._changes[0].at > KEPT:
            self._changes.popleft()

    def miss(self, now: datetime) -> None:
        """Take a reading that failed; before the first one that came there is nothing to compare."""
        if self._before is not None and not self._away:
            self._changes.append(Change(now, "bad", _("The appliance does not answer.")))
            self._away = True


def _node_changes(before: "ApplianceStatus", after: "ApplianceStatus", now: datetime) -> Iterator[Change]:
    known, found = ({node.address: node for node in status.nodes} for status in (before, after))
    for address, node in found.items():
        if address not in known:
            yield Change(now, "good", _("Node {node} is new.", node=node_name(node)), address)
        else:
            yield from _changed_node(known[address], node, now)
    for address, node in known.items():
        if address not in found:
            yield Change(now, "plain", _("Node {node} is not there any more.", node=node_name(node)), address)


def _changed_node(before: "NodeStatus", after: "NodeStatus", now: datetime) -> Iterator[Change]:
    name = node_name(after)
    if before.node_id != after.node_id and after.state == before.state == "alive":
        yield Change(now, "plain", _("Node {node} was started anew.", node=name), after.address)
    if before.state != after.state:
        if after.state == "dead":
            yield Change(now, "bad", _("Node {node} does not answer.", node=name), after.address)
        else:
            yield Change(now, "good", _("Node {node} answers again.", node=name), after.address)
    if before.standing != after.standing and after.standing is not None:
        level: Literal["good", "plain"] = "good" if after.standing == "ready" else "plain"
        yield Change(now, level, _of_standing(after.standing, name), after.address)


def _application_changes(before: "ApplianceStatus", after: "ApplianceStatus", now: datetime) -> Iterator[Change]:
    known, found = ({application_key(a): a for a in status.applications} for status in (before, after))
    for key, application in found.items():
        old = known.get(key)
        if old is None or old.state != application.state:
            yield Change(now, _level(application), _of_state(application), key)
        elif old.replicas_running != application.replicas_running and application.state == "running":
            named = {"kind": KINDS[application.kind], "name": application.name, "before": old.replicas_running}
            count = application.replicas_running
            many = _("{kind} {name} runs with {count} replicas, before with {before}.", count=count, **named)
            what = one_or_many(count, _("{kind} {name} runs with 1 replica, before with {before}.", **named), many)
            yield Change(now, "plain", what, key)
    for key, application in known.items():
        if key not in found:
            gone = _("{kind} {name} is not there any more.", kind=KINDS[application.kind], name=application.name)
            yield Change(now, "plain", gone, key)


def _level(application: "ApplicationStatus") -> Literal["good", "bad", "plain"]:
    if application.state in ("failed", "unhealthy"):
        return "bad"
    return "good" if application.state == "running" else "plain"


def _of_state(application: "ApplicationStatus") -> Message:
    kind, name = KINDS[application.kind], application.name
    return {
        "running": _("{kind} {name} runs.", kind=kind, name=name),
        "asleep": _("{kind} {name} went to sleep: nobody asked it.", kind=kind, name=name),
        "starting": _("{kind} {name} starts.", kind=kind, name=name),
        "unhealthy": _("{kind} {name} does not answer as it should.", kind=kind, name=name),
        "failed": _("{kind} {name} could not be started.", kind=kind, name=name),
        "stopped": _("{kind} {name} stops.", kind=kind, name=name),
    }[application.state]


def _of_standing(standing: str, node: str) -> Message:
    return {
        "joining": _("Node {node} joins.", node=node),
        "ready": _("Node {node} takes new work.", node=node),
        "cordoned": _("Node {node} takes no new work.", node=node),
        "draining": _("Node {node} is being emptied and takes no new work.", node=node),
    }[standing]
