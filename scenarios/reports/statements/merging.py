"""Many sources, one value for each account and period: the same counts once, what differs is a conflict."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..composing import Texts
from ..models import Conflict, Item, Place, Scope
from ..showing import period_title, shown
from .resolving import Entry

_MOST_PLACES: Final = 10
Key = tuple[str, str, int, Scope]
"""Account, period, months, scope."""


@dataclass(frozen=True)
class Merged:
    """What the entries of one key come to; `conflict` where sources differ, `item` None where none of them is used."""

    key: Key
    item: Item | None
    conflict: Conflict | None
    entries: tuple[Entry, ...]


def about(key: Key) -> str:
    """Return what a question or conflict about a value is called."""
    account, period, _months, scope = key
    return f"item:{account}@{period}" + (":parent" if scope == "parent" else "")


def title_of(key: Key, titles: Mapping[str, str], texts: Texts) -> str:
    """Return the account with its period, and that it is the parent's where it is."""
    account, period, months, scope = key
    name = titles.get(account, account)
    at = period_title(period, months, texts.language)
    if texts.language.startswith("zh"):
        return f"{at}{name}" + (f"（{texts('parent_scope')}）" if scope == "parent" else "")
    return f"{name}, {at}" + (f" ({texts('parent_scope')})" if scope == "parent" else "")


def merged(entries: Sequence[Entry], titles: Mapping[str, str], texts: Texts) -> list[Merged]:
    """Return one result for each account, period and scope, in the order in which they were found."""
    groups: dict[Key, list[Entry]] = defaultdict(list)
    scopes: dict[tuple[str, str, int], set[Scope]] = defaultdict(set)
    for entry in entries:
        scopes[entry.draft.account, entry.period, entry.months].add(entry.scope)
    for entry in sorted(entries, key=lambda one: one.scope == "unknown"):
        kind = (entry.draft.account, entry.period, entry.months)
        groups[(*kind, _scope(entry, scopes[kind], entries_of_kind=groups))].append(entry)
    return [_one(key, found, titles, texts) for key, found in groups.items()]


def _scope(entry: Entry, known: set[Scope], entries_of_kind: Mapping[Key, list[Entry]]) -> Scope:
    """Return whose value it counts as, where it does not say: the group's where there is one.

    Beside consolidated statements in the same file, plain ones with other values are the parent's own.
    """
    if entry.scope != "unknown":
        return entry.scope
    if "consolidated" not in known:
        return "unknown"
    kind = (entry.draft.account, entry.period, entry.months)
    if any(_same(entry, other) for other in entries_of_kind.get((*kind, "parent"), ())):
        return "parent"
    for other in entries_of_kind.get((*kind, "consolidated"), ()):
        if other.block.file == entry.block.file and other.scope == "consolidated" and not _same(entry, other):
            return "parent"
    return "consolidated"


def _same(one: Entry, other: Entry) -> bool:
    return abs(one.value - other.value) <= one.half + other.half + 0.005


def _one(key: Key, entries: Sequence[Entry], titles: Mapping[str, str], texts: Texts) -> Merged:
    clusters: list[list[Entry]] = []
    for entry in sorted(entries, key=lambda one: one.half):
        for cluster in clusters:
            if _same(cluster[0], entry):
                cluster.append(entry)
                break
        else:
            clusters.append([entry])
    if len(clusters) == 1:
        return Merged(key, _item(key, clusters[0], restated=_said_restated(clusters[0])), None, tuple(entries))
    used, reason, restated = _choose(clusters)
    order = [cluster[0] for cluster in clusters]
    conflict = Conflict(
        about=about(key),
        title=title_of(key, titles, texts),
        values=tuple(shown(one.value, one.block.currency, texts.language) for one in order),
        places=tuple(_best(cluster).draft.place for cluster in clusters),
        used=used,
        reason=texts(reason),
    )
    item = _item(key, clusters[used], restated=restated) if used is not None else None
    return Merged(key, item, conflict, tuple(entries))


def _said_restated(cluster: Sequence[Entry]) -> bool:
    return any(entry.column.restated == "after" for entry in cluster)


def _choose(clusters: Sequence[Sequence[Entry]]) -> tuple[int | None, str, bool]:
    """Return which of the differing values is used, the name of the reason, and whether it is a restated one."""
    rules: tuple[tuple[str, Callable[[Entry], bool], bool], ...] = (
        ("restated", lambda entry: entry.column.restated == "after", True),
        ("audited", lambda entry: entry.block.audited, False),
        ("consolidated", lambda entry: entry.scope == "consolidated", False),
    )
    for reason, rule, restated in rules:
        found = [at for at, cluster in enumerate(clusters) if any(rule(entry) for entry in cluster)]
        if len(found) == 1:
            return found[0], reason, restated
    days = [max((entry.block.day or "" for entry in cluster if _may_count(entry)), default="") for cluster in clusters]
    latest = max(days)
    if latest and days.count(latest) == 1:
        at = days.index(latest)
        return at, "later", not any(entry.own for entry in clusters[at])
    return None, "unsettled", False


def _may_count(entry: Entry) -> bool:
    return entry.column.restated != "before"


def _best(cluster: Sequence[Entry]) -> Entry:
    """Return the entry that is shown: surely read, the report's own period, printed finest."""
    return max(cluster, key=lambda one: (one.confidence, one.own, -one.half, one.block.audited))


def _item(key: Key, cluster: Sequence[Entry], *, restated: bool) -> Item:
    account, period, months, scope = key
    finest = min(cluster, key=lambda one: (one.half, -one.confidence, not one.own))
    best = _best([one for one in cluster if one.half <= finest.half])
    others: dict[Place, None] = dict.fromkeys(one.draft.place for one in cluster if one is not best)
    return Item(
        account=account, statement=best.block.statement, period=period, months=months, scope=scope, restated=restated,
        value=best.value, currency=best.block.currency, printed=best.draft.printed, unit=best.unit,
        label=best.draft.label, confidence=max(one.confidence for one in cluster), place=best.draft.place,
        also=tuple(list(others)[:_MOST_PLACES]),
    )  # fmt: skip
