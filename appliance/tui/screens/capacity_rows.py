"""Rows of nodes and models: what is used of what there is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.core.messages import _
from appliance.tui import figures
from appliance.tui.capacity_source import ModelLimits
from appliance.tui.drawing import MUTED, level_style, one_line
from appliance.tui.screens.capacity_base import Known
from appliance.tui.view import View
from appliance.tui.widgets.listing import Column
from appliance.tui.words import KINDS, STATES, StateMark

if TYPE_CHECKING:
    from appliance.core.status import ApplicationStatus, NodeStatus
    from appliance.state.nodes import NodeRecord

STANDINGS: dict[str, StateMark] = {
    "joining": StateMark("◐", _("joining"), "$text-warning"),
    "ready": StateMark("●", _("ready"), "$text-success"),
    "cordoned": StateMark("■", _("cordoned"), "$text-warning"),
    "draining": StateMark("▼", _("draining"), "$text-warning"),
    "removed": StateMark("○", _("removed"), MUTED),
}


@dataclass(frozen=True)
class NodeRow:
    """One machine: as the cluster has it, as the head's database has it, and what the plan places there."""

    status: "NodeStatus | None"
    record: "NodeRecord | None"
    placed: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """Its name, or else its address."""
        if self.record is not None:
            return self.record.name
        return "" if self.status is None else self.status.name or self.status.address

    @property
    def standing(self) -> str | None:
        """What the head has decided of it; None on an appliance of one machine."""
        if self.record is not None:
            return self.record.state
        return None if self.status is None else self.status.standing

    @property
    def mark(self) -> StateMark:
        """Its state: that it is dead goes before what the head has decided."""
        if self.status is not None and self.status.state == "dead":
            return STATES["dead"]
        return STANDINGS.get(self.standing or "", STATES["alive"])

    def used(self, kind: str) -> tuple[int | None, int | None]:
        """Return what is used and there of `memory` or `disk`."""
        if self.status is None:
            return None, None
        return getattr(self.status, f"{kind}_used_bytes"), getattr(self.status, f"{kind}_total_bytes")

    def cards_used(self) -> tuple[int | None, int | None]:
        """Return what is used and there of the memory of all accelerators; None where one does not tell."""
        cards = () if self.status is None else self.status.accelerators
        used = [card.memory_used_bytes for card in cards]
        total = [card.memory_total_bytes for card in cards]
        known_used = [one for one in used if one is not None]
        known_total = [one for one in total if one is not None]
        return (
            sum(known_used) if cards and len(known_used) == len(used) else None,
            sum(known_total) if cards and len(known_total) == len(total) else None,
        )


@dataclass(frozen=True)
class ModelRow:
    """One model: as it runs, what the site file allows, and how many users the plan carries."""

    status: "ApplicationStatus"
    limits: ModelLimits | None
    users: int | None

    @property
    def places(self) -> int | None:
        """Requests that all running replicas answer together."""
        return None if self.limits is None else self.limits.places * self.status.replicas_running


def node_rows(view: View, known: Known) -> dict[str, NodeRow]:
    """Return the nodes by address, those of the cluster first, then those that only the database has."""
    records = {} if known.inventory is None else {node.address: node for node in known.inventory.nodes}
    statuses = () if view.status is None else view.status.nodes
    alone = len(statuses) == 1 and len(records) <= 1
    rows = {}
    for status in statuses:
        record = records.pop(status.address, None)
        name = record.name if record is not None else status.name or status.address
        rows[status.address] = NodeRow(status, record, known.placed_on(None if alone else name))
    return rows | {address: NodeRow(None, record, known.placed_on(record.name)) for address, record in records.items()}


def model_rows(view: View, known: Known) -> dict[str, ModelRow]:
    """Return the models by name."""
    limits = {} if known.inventory is None else known.inventory.models
    applications = () if view.status is None else view.status.applications
    return {
        one.name: ModelRow(one, limits.get(one.name), known.users(one.name))
        for one in applications
        if one.kind in ("model", "embedding")
    }


def limits_text(limits: ModelLimits | None) -> str:
    """Return e.g. `1–4`, or `2` for a number that does not follow the load."""
    if limits is None:
        return figures.UNKNOWN
    return f"{limits.least}–{limits.most}" if limits.follows_load else str(limits.most)


def labels_text(row: NodeRow) -> str:
    """Return e.g. `zone=a vendor=nvidia`."""
    pairs = {} if row.record is None else row.record.labels
    return " ".join(f"{key}={value}" for key, value in sorted(pairs.items()))


def placed_text(row: NodeRow) -> str:
    """Return e.g. `general ×2, embedder`."""
    return ", ".join(alias if count == 1 else f"{alias} ×{count}" for alias, count in row.placed)


def _cores(row: NodeRow) -> str:
    if row.status is None or row.status.cpu_cores is None:
        return figures.UNKNOWN
    return f"{row.status.cpu_cores} {figures.percent(row.status.cpu_utilisation)}"


def _cards(row: NodeRow) -> str:
    if row.status is not None and row.status.state == "alive" and not row.status.accelerators:
        return "0"
    return figures.used_of_total(*row.cards_used())


def _flight(row: ModelRow) -> str:
    places = figures.UNKNOWN if row.places is None else row.places
    return f"{row.status.traffic.in_flight}/{places}"


NODE_COLUMNS = (
    Column[NodeRow](_("Node"), 10, lambda n, _l: one_line(n.name), style=lambda _n: "bold", grows=True),
    Column[NodeRow](
        _("State"), 11, lambda n, lang: f"{n.mark.shape} {n.mark.word.render(lang)}", style=lambda n: n.mark.style
    ),
    Column[NodeRow](
        _("Memory"), 13, lambda n, _l: figures.used_of_total(*n.used("memory")), align="right",
        style=lambda n: level_style(figures.share(*n.used("memory"))),
    ),
    # An engine takes its share of a card at the start and keeps it: full is normal there.
    Column[NodeRow](_("Cards' memory"), 13, lambda n, _l: _cards(n), align="right"),
    Column[NodeRow](
        _("Disk"), 6, lambda n, _l: figures.percent(figures.share(*n.used("disk"))), align="right",
        style=lambda n: level_style(figures.share(*n.used("disk"))),
    ),
    Column[NodeRow](_("Cores"), 9, lambda n, _l: _cores(n), align="right"),
    Column[NodeRow](_("Labels"), 22, lambda n, _l: labels_text(n), style=lambda _n: MUTED, rank=1),
    Column[NodeRow](_("Placed by the plan"), 22, lambda n, _l: placed_text(n), rank=2, grows=True),
)  # fmt: skip
MODEL_COLUMNS = (
    Column[ModelRow](_("Model"), 12, lambda m, _l: one_line(m.status.name), style=lambda _m: "bold", grows=True),
    Column[ModelRow](
        _("State"), 12,
        lambda m, lang: f"{STATES[m.status.state].shape} {STATES[m.status.state].word.render(lang)}",
        style=lambda m: STATES[m.status.state].style,
    ),
    Column[ModelRow](
        _("Replicas"), 8, lambda m, _l: f"{m.status.replicas_running}/{m.status.replicas_target}", align="right"
    ),
    Column[ModelRow](_("Limits"), 7, lambda m, _l: limits_text(m.limits), align="right"),
    Column[ModelRow](
        _("Active"), 9, lambda m, _l: _flight(m), align="right",
        style=lambda m: level_style(m.status.traffic.in_flight / m.places) if m.places else "",
    ),
    Column[ModelRow](
        _("Users"), 7, lambda m, _l: figures.UNKNOWN if m.users is None else str(m.users), align="right"
    ),
    Column[ModelRow](_("Kind"), 16, lambda m, lang: KINDS[m.status.kind].render(lang), style=lambda _m: MUTED, rank=2),
    Column[ModelRow](
        _("Package"), 18, lambda m, _l: figures.UNKNOWN if m.limits is None else one_line(m.limits.package), rank=1,
        style=lambda _m: MUTED,
    ),
)  # fmt: skip
