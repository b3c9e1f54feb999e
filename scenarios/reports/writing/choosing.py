"""Which of several sources of one value the report goes by: the same that the figures are computed from."""

from ..analysis.expressions import NoValueError
from ..analysis.ledger import Ledger
from ..models import SURE, Conflict, Dossier, Fact, Item


def chosen_items(dossier: Dossier) -> tuple[dict[tuple[str, str], Item], tuple[str, ...]]:
    """Return one item for each account and period, and the years that have statements, oldest first.

    Items of an open conflict, and such as were read unsurely, are left out.
    """
    ledger = Ledger(dossier.items, dossier.conflicts)
    statements = {one.account: one.statement for one in dossier.items}
    found: dict[tuple[str, str], Item] = {}
    for period, frame in ledger.frames.items():
        for account in ledger.accounts(frame):
            try:
                found[account, period] = ledger.item(account, statements[account], period, frame.months, frame)
            except NoValueError:
                continue
    return found, ledger.years()


def chosen_facts(dossier: Dossier) -> dict[tuple[str, str], Fact]:
    """Return one fact for each name and group: what a conflict goes by, else the surest; none of an open conflict."""
    conflicts = {one.about: one for one in dossier.conflicts}
    found: dict[tuple[str, str], Fact] = {}
    for fact in sorted(dossier.facts, key=lambda one: -one.confidence):
        key = (fact.name, fact.group)
        if fact.confidence < SURE or key in found:
            continue
        conflict = conflicts.get(f"field:{fact.group}.{fact.name}" if fact.group else f"field:{fact.name}")
        if conflict is None or _goes_by(conflict, fact):
            found[key] = fact
    return found


def _goes_by(conflict: Conflict, fact: Fact) -> bool:
    return conflict.used is not None and conflict.places[conflict.used] == fact.place
