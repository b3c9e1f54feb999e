"""What the directory of versions says at a start: the declaration of the site file, and what was staged beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from appliance.core.clock import iso, utc_now
from appliance.packages.model_sources import ModelSource
from appliance.serving.engine import ChatModel
from appliance.serving.names import model_application
from appliance.state.served import Served, ServedDirectory, Variant

STARTED_BY = "appliance up"


@dataclass(frozen=True)
class Declared:
    """What the site file says of an alias; `application` may serve others too (`serving.adapters`)."""

    model: ChatModel
    source: ModelSource
    application: str


def declare(served: Served, stable: Sequence[Declared]) -> ServedDirectory:
    """Write what serves each alias from this start on, and return it.

    A candidate that was there stays, out of service
    until it has started again; what was stable before and is another version now becomes the previous one. Raises
    `Unavailable`, `Conflict`.
    """
    before = served.read()
    now = iso(utc_now())
    variants: list[Variant] = []
    for one in stable:
        alias, source = one.model.alias, one.source
        declared = Variant(
            alias, "stable", source.package, source.release_counter, source.version, one.application,
            one.model.max_model_len, one.model.languages, "ready", since=now, by=STARTED_BY,
        )  # fmt: skip
        was = before.get(alias, "stable")
        if was is not None and was.same_files(declared):
            declared = replace(declared, since=was.since, by=was.by)
        variants.append(declared)
        variants += _others(before, alias, declared)
    return served.replace(before, variants)


def _others(before: ServedDirectory, alias: str, declared: Variant) -> list[Variant]:
    was, candidate, previous = (before.get(alias, slot) for slot in ("stable", "candidate", "previous"))
    if was is not None and not was.same_files(declared):
        previous = replace(was, slot="previous", state="stopped")
    kept = [one for one in (previous,) if one is not None and not one.same_files(declared)]
    if candidate is not None and not candidate.same_files(declared):
        application = model_application(alias, before.revision)
        kept.append(replace(candidate, state="starting", application=application))
    return kept
