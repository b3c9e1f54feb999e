"""What a plan says of tuned models: an adapter on the engine of their base where that is on cards, merged elsewhere."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from appliance.catalogue.plan import Plan
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import PackageError
from appliance.core.messages import Message, _
from appliance.packages.card import read_card
from appliance.packages.merging import MERGED
from appliance.packages.places import model_folder, open_store
from appliance.packages.tuned_recipe import load_tuned_recipe, tuned_recipe_path, way_to_serve


def tuned_aliases(home: Home, site: SiteConfig) -> dict[str, str]:
    """Return, for each alias of the site with a tuned model, the alias whose engine could carry it as an adapter."""
    found: dict[str, str] = {}
    for alias, settings in site.models.items():
        base = _base_of(home, settings.package)
        hosts = [
            name
            for name, other in site.models.items()
            if base is not None and other.package == base and other.engine == settings.engine and name not in found
        ]
        if hosts:
            found[alias] = hosts[0]
    return found


def _base_of(home: Home, package: str) -> str | None:
    """Return the base package of one that was merged here or that can be; None for all others."""
    if open_store(home).current("model", package) is not None:
        return None  # a release is served as it is
    try:
        origin = read_card(model_folder(home, package)).origin
        return origin.get("base") if origin.get("format") == MERGED else None
    except PackageError:
        path = tuned_recipe_path(package)
        return None if path is None else load_tuned_recipe(path).base.package


def plan_with_tuned(tuned: Mapping[str, str], plan_without: Callable[[Collection[str]], Plan]) -> Plan:
    """Return the plan in which tuned models ride on their base's engine where that is on cards, with a note on each.

    `plan_without` plans all models but the aliases it is given.
    """
    plan = plan_without(tuned.keys())
    on_cards = {one.alias for one in plan.placements if one.memory_share is not None}
    riding = {alias for alias, host in tuned.items() if host in on_cards and way_to_serve("gpu") == "adapter"}
    if len(riding) < len(tuned):
        plan = plan_without(riding)
    notes = tuple(_note(alias, host, alias in riding) for alias, host in sorted(tuned.items()))
    return replace(plan, notes=(*plan.notes, *notes))


def _note(alias: str, host: str, rides: bool) -> Message:
    if rides:
        return _("{alias}: served as an adapter on the engine of {host}; it takes no card of its own.",
                 alias=alias, host=host)  # fmt: skip
    return _(
        "{alias}: served merged, with weights and an engine of its own; on a card it would be an adapter on {host}.",
        alias=alias, host=host,
    )  # fmt: skip
