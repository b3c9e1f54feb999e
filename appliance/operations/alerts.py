"""What is wrong now, and what to do about each: from the status alone. Pure; knows no screen and no clock."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from appliance.core.messages import Message, _, one_or_many

if TYPE_CHECKING:
    from appliance.core.status import AcceleratorStatus, ApplianceStatus, ApplicationStatus, NodeStatus

FULL_WARNING: Final = 0.80
FULL_CRITICAL: Final = 0.92
HOT_C: Final = 85.0
CACHE_FULL: Final = 0.95
QUEUE_LONG: Final = 20
ERROR_WINDOW: Final = timedelta(minutes=5)
_LEAST_ERRORS: Final = 3
_ERROR_SHARE: Final = 0.05

KINDS: Final[Mapping[str, Message]] = {
    "model": _("Model"),
    "embedding": _("Embedding model"),
    "scenario": _("Scenario"),
    "knowledge": _("Knowledge base"),
    "gateway": _("Gateway"),
    "ledger": _("Ledger"),
    "batch": _("Batch runner"),
}
"""What an application is, at the beginning of a sentence."""


@dataclass(frozen=True)
class Alert:
    """One thing that a person should look at. `subject` is a node's address, or `kind/name` of an application."""

    level: Literal["failed", "warning"]
    subject: str
    what: Message
    todo: Message
    command: str
    """Shows more, or does it."""


@dataclass(frozen=True)
class Growth:
    """Requests of one application that ended in the last minutes, and how many of them failed."""

    requests: int
    errors: int

    @property
    def alarming(self) -> bool:
        """Whether that is more than a single mishap."""
        return self.errors >= _LEAST_ERRORS and self.errors >= _ERROR_SHARE * self.requests


class ErrorWatch:
    """Keeps the counters of the last five minutes, and tells by how much they grew."""

    def __init__(self) -> None:
        self._points: dict[str, deque[tuple[datetime, int, int]]] = {}

    def observe(self, status: "ApplianceStatus") -> dict[str, Growth]:
        """Take a reading; return the growth of each application, by `application_key`."""
        now, kept = datetime.fromisoformat(status.taken_at), {}
        for application in status.applications:
            traffic, key = application.traffic, application_key(application)
            points = self._points.get(key, deque())
            if points and (now < points[-1][0] or traffic.requests_total < points[-1][1]):
                points.clear()  # the clock was set back, or the gateway counts anew
            points.append((now, traffic.requests_total, traffic.errors_total))
            while len(points) > 2 and now - points[1][0] >= ERROR_WINDOW:
                points.popleft()
            kept[key] = points
        self._points = kept
        return {key: Growth(p[-1][1] - p[0][1], p[-1][2] - p[0][2]) for key, p in kept.items()}


def application_key(application: "ApplicationStatus") -> str:
    """Return what tells applications apart: a model and a scenario may have one name."""
    return f"{application.kind}/{application.name}"


def node_name(node: "NodeStatus") -> str:
    """Return what people call a node: its name, or its address where it has none."""
    return node.name or node.address


def alerts(status: "ApplianceStatus", growth: Mapping[str, Growth]) -> tuple[Alert, ...]:
    """Return what is wrong, the worst first: nodes that are gone, applications, then what machines run out of."""
    found = [alert for node in status.nodes if node.state == "dead" for alert in _gone(node)]
    for application in status.applications:
        found += _application_alerts(application, growth.get(application_key(application), Growth(0, 0)))
    found += [alert for node in status.nodes if node.state == "alive" for alert in _node_alerts(node)]
    return tuple(sorted(found, key=lambda alert: alert.level != "failed"))


def _gone(node: "NodeStatus") -> Iterator[Alert]:
    what = _("Node {node} does not answer.", node=node_name(node))
    todo = _("See whether the machine is on and its network works; if it never comes back, remove the node.")
    yield Alert("failed", node.address, what, todo, f"appliance node show {node_name(node)}")


def _node_alerts(node: "NodeStatus") -> Iterator[Alert]:
    name, show = node_name(node), f"appliance node show {node_name(node)}"
    if node.standing in ("draining", "cordoned"):
        what = (
            _("Node {node} is being emptied and takes no new work.", node=name)
            if node.standing == "draining"
            else _("Node {node} takes no new work.", node=name)
        )
        todo = _("Somebody has decided so. When its maintenance is over, open it again.")
        yield Alert("warning", node.address, what, todo, f"appliance node uncordon {name}")
    yield from _full(
        node,
        (node.memory_used_bytes, node.memory_total_bytes),
        lambda share, name: _("{share} of the memory of node {node} is in use.", share=share, node=name),
        _("When it is full the system ends processes: see what runs there beside the appliance."),
        show,
    )
    yield from _full(
        node,
        (node.disk_used_bytes, node.disk_total_bytes),
        lambda share, name: _("{share} of the disk of node {node} is in use.", share=share, node=name),
        _("When it is full nothing can be written any more: remove packages and backups that nobody needs."),
        "appliance package list",
    )
    for card in node.accelerators:
        yield from _hot(node, card)


def _full(
    node: "NodeStatus",
    used_of_total: tuple[int | None, int | None],
    told: Callable[[str, str], Message],
    todo: Message,
    command: str,
) -> Iterator[Alert]:
    used, total = used_of_total
    if used is None or not total or used / total < FULL_WARNING:
        return
    level: Literal["failed", "warning"] = "failed" if used / total >= FULL_CRITICAL else "warning"
    what = told(f"{100 * used / total:.0f} %", node_name(node))
    yield Alert(level, node.address, what, todo, command)


def _hot(node: "NodeStatus", card: "AcceleratorStatus") -> Iterator[Alert]:
    if card.temperature_c is None or card.temperature_c < HOT_C:
        return
    yield Alert(
        "warning",
        node.address,
        _(
            "Card {index} of node {node} is hot: {celsius} °C.",
            index=card.index,
            node=node_name(node),
            celsius=f"{card.temperature_c:.0f}",
        ),
        _("It slows itself down when it gets too hot: look at fans, filters and the air of the room."),
        f"appliance node show {node_name(node)}",
    )


def _application_alerts(application: "ApplicationStatus", growth: Growth) -> Iterator[Alert]:
    subject, named = application_key(application), {"kind": KINDS[application.kind], "name": application.name}
    if application.state == "failed":
        what = _("{kind} {name} could not be started.", **named)
        yield Alert("failed", subject, what, _("Read its message, then look for faults."), "appliance doctor")
    elif application.state == "unhealthy":
        what = _("{kind} {name} does not answer as it should.", **named)
        todo = _("It is started anew by itself. If that does not help in some minutes, look for faults.")
        yield Alert("failed", subject, what, todo, "appliance doctor")
    elif application.state == "running" and application.replicas_running < application.replicas_target:
        what = _(
            "{kind} {name} runs with {running} of {wanted} replicas.",
            **named,
            running=application.replicas_running,
            wanted=application.replicas_target,
        )
        todo = _("More are starting, or there is no room for them. If it stays so, look for faults.")
        yield Alert("warning", subject, what, todo, "appliance doctor")
    yield from _waiting(application, named)
    if growth.alarming:
        what = _(
            "{errors} of the last {requests} requests to {name} failed.",
            errors=growth.errors,
            requests=growth.requests,
            name=application.name,
        )
        todo = _("The records of the last hour say why.")
        yield Alert("failed", subject, what, todo, f"appliance audit search --target {application.name} --since 1h")


def _waiting(application: "ApplicationStatus", named: Mapping[str, object]) -> Iterator[Alert]:
    """Yield what makes callers wait."""
    waiting, subject = application.waiting, application_key(application)
    if not waiting:
        return
    if application.state in ("asleep", "starting"):
        what = one_or_many(
            waiting,
            _("1 request waits for {name}, which does not run yet.", name=application.name),
            _("{count} requests wait for {name}, which does not run yet.", count=waiting, name=application.name),
        )
        yield Alert("warning", subject, what, _("They are answered as soon as it runs."), "appliance status")
    elif waiting >= QUEUE_LONG or (application.kv_use is not None and application.kv_use >= CACHE_FULL):
        many = _("{count} requests wait for their turn at {kind} {name}.", count=waiting, **named)
        what = one_or_many(waiting, _("1 request waits for its turn at {kind} {name}.", **named), many)
        todo = _("More replicas answer more at once; they count from the next start.")
        yield Alert("warning", subject, what, todo, f"appliance model scale {application.name} --replicas N")
