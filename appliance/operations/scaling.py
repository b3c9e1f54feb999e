"""How many replicas a chat model has, by hand: a number, or the limits between which it follows the load."""

from dataclasses import dataclass
from typing import Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import Message, _
from appliance.operations.nodes.listing import check_head
from appliance.operations.plan_applying import SettingChange, SiteChange, apply_change, change_of

MOST_REPLICAS: Final = 256
_LEAST, _MOST = "scaling.min_replicas", "scaling.max_replicas"


@dataclass(frozen=True)
class ScaleWish:
    """Either a number of replicas, or both limits."""

    replicas: int | None = None
    least: int | None = None
    most: int | None = None


def scale_to(home: Home, site: SiteConfig, alias: str, wish: ScaleWish) -> SiteChange:
    """Return what the site file would be; nothing is written.

    A number ends a scaling by the load in both its limits, as the file may say `scaling` in any form. Raises
    `NotFound` for an alias that is not a chat model of the site, `InvalidRequest`, `ConfigError` on a worker and for a
    file that cannot be changed safely.
    """
    check_head(home)
    if alias not in site.models:
        raise NotFound(
            _("There is no model {name} here.", name=ascii(alias[:100])),
            _("Models: {models}.", models=", ".join(site.models) or "–"),
            param="alias",
        )
    _check(wish)
    now = site.models[alias]
    scaling = now.scaling
    notes: list[Message] = []
    if wish.replicas is not None and scaling is None:
        found = [SettingChange(alias, "replicas", now.replicas, wish.replicas)]
    else:
        least, most = (wish.least, wish.most) if wish.replicas is None else (wish.replicas, wish.replicas)
        assert least is not None
        assert most is not None
        found = [
            SettingChange(alias, _LEAST, None if scaling is None else scaling.min_replicas, least),
            SettingChange(alias, _MOST, None if scaling is None else scaling.max_replicas, most),
        ]
        if scaling is None:
            notes.append(_("{alias}: the number of its replicas will follow the load.", alias=alias))
        if least == 0:
            notes.append(_("{alias}: without requests it sleeps, and the next request wakes it.", alias=alias))
    return change_of(home, site, [one for one in found if one.before != one.after], notes)


def apply_scale(home: Home, site: SiteConfig, change: SiteChange) -> None:
    """Write the site file; it counts from the next start. Raises as `plan_applying.apply_change`."""
    apply_change(home, site, change, "model.scale")


def _check(wish: ScaleWish) -> None:
    limits = (wish.least, wish.most)
    if (wish.replicas is None) == (limits == (None, None)) or (wish.replicas is None and None in limits):
        raise InvalidRequest(
            _("Either a number of replicas is needed, or the fewest and the most."),
            _("Give --replicas, or --min and --max."),
            param="replicas",
        )
    for name, value, lowest in (("replicas", wish.replicas, 1), ("min", wish.least, 0), ("max", wish.most, 1)):
        if value is not None and not lowest <= value <= MOST_REPLICAS:
            raise InvalidRequest(
                _("{count} replicas cannot be had.", count=value),
                _("Give a number from {lowest} to {most}.", lowest=lowest, most=MOST_REPLICAS),
                param=name,
            )
    if wish.least is not None and wish.most is not None and wish.most < wish.least:
        raise InvalidRequest(_("The most replicas cannot be fewer than the fewest."), param="max")
