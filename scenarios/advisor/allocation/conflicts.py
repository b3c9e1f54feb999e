"""A conflict of limits told in words, with the smallest ways out."""

from collections import Counter

from ..figures.making import Maker
from ..models import AssetClass
from .feasibility import Clash, Relaxation
from .result import Change, Conflict
from .universe import Universe
from .words import Speaker


def conflict_of(clash: Clash, maker: Maker) -> Conflict:
    """Return the conflict with each change as a figure."""
    return Conflict(
        sets=tuple(tuple(one.id for one in core) for core in clash.cores),
        words=tuple(tuple(one.words for one in core) for core in clash.cores),
        changes=tuple(_change(one, maker, "alone") for one in clash.alone),
        together=tuple(_change(one, maker, "together") for one in clash.together),
    )


def sentences_of(clash: Clash, conflict: Conflict, universe: Universe, speaker: Speaker) -> list[str]:
    """Return the sentences: which limits conflict, what the universe offers, what would help."""
    joined = speaker.say("joined")
    kept = 1.0 - universe.budget
    total = speaker.shown(universe.budget, "share")
    whole = (
        speaker.say("sum_kept", value=total, kept=speaker.shown(kept, "share"))
        if kept > 1e-9
        else speaker.say("sum", value=total)
    )
    told = [
        speaker.say("clash" if words else "clash_one", limits=joined.join([*words, whole])) for words in conflict.words
    ]
    told.append(speaker.say("cause_level", names=joined.join(_offers(universe, speaker))))
    for one in conflict.changes:
        told.append(
            speaker.say("relax_alone" if one.enough else "relax_partly", limit=one.words, value=one.value.shown)
        )
    if len(conflict.together) > 1 or not any(one.enough for one in conflict.changes):
        changes = [speaker.say("change", limit=one.words, value=one.value.shown) for one in conflict.together]
        if changes:
            told.append(speaker.say("relax_together", changes=joined.join(changes)))
    return told


def offers(universe: Universe) -> list[tuple[tuple[AssetClass, str], int]]:
    """Return how many assets of each (asset class, level) there are."""
    return sorted(Counter((one.asset_class, str(one.level or "")) for one in universe.assets).items())


def _offers(universe: Universe, speaker: Speaker) -> list[str]:
    return [
        speaker.say("offers", name=f"{speaker.asset_class(name)} {level}".strip(), count=count)
        for (name, level), count in offers(universe)
    ]


def _change(one: Relaxation, maker: Maker, key: str) -> Change:
    name = "changed_count" if one.limit.unit == "count" else "changed_limit"
    figure = maker.make(name, one.value, {"limit": one.limit.value}, key=f"{key}.{one.limit.id}", about=one.limit.words)
    return Change(limit=one.limit.id, words=one.limit.words, value=figure, enough=one.enough)
