"""The planner: a wish, machines and the catalogue in, a plan out. Pure; the same input gives the same plan."""

from collections.abc import Sequence
from dataclasses import replace

from appliance.catalogue.calibration import Calibration
from appliance.catalogue.devices import Node
from appliance.catalogue.loading import Catalogue
from appliance.catalogue.placing import AcceleratorSetting, Situation, plan_once
from appliance.catalogue.plan import Change, Plan
from appliance.catalogue.remedies import changes_for
from appliance.catalogue.wish import Wish


def make_plan(
    wish: Wish,
    machines: Sequence[Node],
    catalogue: Catalogue,
    calibration: Calibration | None = None,
    accelerator: AcceleratorSetting = "auto",
) -> Plan:
    """Plan `wish` on `machines`; what does not fit carries the smallest changes that make it fit.

    Raises `NotFound` for a model that the catalogue does not have, and `PreflightError` where `accelerator` is `gpu`
    and a machine has no card that can be used.
    """
    situation = Situation(wish, tuple(machines), catalogue, calibration, accelerator)
    bare = plan_once(situation)

    def changes(alias: str) -> tuple[Change, ...]:
        return changes_for(situation, bare, alias)

    return replace(
        bare,
        placements=tuple(
            placement if placement.shortfall is None else replace(placement, changes=changes(placement.alias))
            for placement in bare.placements
        ),
        refusals=tuple(replace(refusal, changes=changes(refusal.alias)) for refusal in bare.refusals),
    )
