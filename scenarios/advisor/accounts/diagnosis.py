"""The diagnosis of one account."""

from datetime import date

from ..data.dataset import Dataset
from ..suitability.loading import RuleBook
from .answer import AccountDiagnosis
from .book import Book
from .changes import add_changes, previous_of
from .drawing import charts_of
from .holdings import (
    add_cash,
    add_concentration,
    add_fees,
    add_totals,
    add_unsuitable,
    class_lines,
    overlap_lines,
    position_lines,
)
from .levels import outdated, shipped_rules
from .positions import account_of
from .returns import add_returns
from .risk import add_risk
from .stress import StressBook, shipped_stress, stress_lines
from .texts import Writer


def diagnose(
    dataset: Dataset,
    client_id: str,
    as_of: date | None = None,
    language: str = "en",
    previous: date | None = None,
    charts: bool = True,
    *,
    stress: StressBook | None = None,
    rules: RuleBook | None = None,
) -> AccountDiagnosis:
    """Return the diagnosis of an account on a day (none: the newest with values), in `en` or `zh_CN`.

    `previous` is the day of the statement to compare with (none: the one before). `stress` and
    `rules` are the bank's own scenarios and rules of suitability (none: the shipped ones). Raises `NotFound` for an
    unknown client, `InvalidRequest` for days without values or statements.
    """
    account = account_of(dataset, client_id, as_of)
    book = Book(client_id, language, account.sources)
    book.add("as_of", account.as_of)
    if account.statement is not None:
        book.add("statement_day", account.statement)
        later = [one for one in dataset.transactions(client_id) if account.statement < one.day <= account.as_of]
        if later:
            book.add("later_transactions", len(later), {"first": later[0].id})
    target = dataset.targets.targets.get(account.client.target)
    before = previous_of(dataset, account, previous)
    add_totals(book, account)
    in_force = rules or shipped_rules()
    positions = position_lines(book, dataset, account, in_force)
    classes = class_lines(book, account, target)
    add_concentration(book, account)
    overlaps = overlap_lines(book, account.positions)
    add_risk(book, dataset, account)
    add_returns(book, dataset, account)
    add_cash(book, dataset, account)
    add_fees(book, account)
    add_unsuitable(book, account, positions)
    scenarios = stress_lines(book, dataset, account, stress or shipped_stress()) if account.positions else ()
    changes = add_changes(book, dataset, account, before) if before else ()
    found = AccountDiagnosis(
        client=client_id, as_of=account.as_of, statement=account.statement, previous=before, language=language,
        made_up=dataset.made_up, figures=book.figures, positions=positions, classes=classes, overlaps=overlaps,
        stress=scenarios, changes=changes,
    )  # fmt: skip
    writer = Writer(found, account.client, target, outdated=outdated(account, in_force))
    said = {"text": writer.paragraphs(), "notes": writer.notes(), "disclosures": writer.disclosures()}
    return found.model_copy(update=said | {"charts": charts_of(found, writer.chart) if charts else ()})
