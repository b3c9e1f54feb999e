"""The decision: every rule against one case. Nothing but ids, data, amount, day and rules goes in; no text does."""

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _

from ..data.dataset import Dataset
from ..models import Client, Product
from .case import Case, Judged, grade
from .decision import Allowed, Alternative, Decision, Row
from .forms import Rule
from .loading import RuleBook
from .position import Position, position_of
from .speaking import Speaker

ALTERNATIVES: Final = 5
_TABLES = ("clients", "products", "holdings", "transactions", "nav", "fx")
_LARGEST = 1e12


def decide(
    dataset: Dataset, client_id: str, product_id: str, amount: float, *, today: date, rules: RuleBook,
    language: str = "en", assessments: Sequence[date] | None = None, with_alternatives: bool = True,
) -> Decision:  # fmt: skip
    """Decide whether a client may buy a product for an amount in the product's currency.

    `assessments` are the days of the client's assessments, where the bank keeps them. Looking for alternatives takes
    most of the time, and may be left out. Raises `NotFound` for unknown ids, `InvalidRequest` for an amount that is not
    above 0 and finite, or that exceeds what the client has here.
    """
    client, product = dataset.client(client_id), dataset.product(product_id)
    _check_amount(amount)
    position = position_of(dataset, client_id, today)
    speaker = Speaker(language)
    case = _case(dataset, client, product, amount, today, position, speaker, assessments)
    _check_funds(case)
    judged = [(rule, rule.check(case)) for rule in rules.rules]
    rows = tuple(_row(rule, result, speaker) for rule, result in judged)
    allowed = _allowed(judged)
    money = case.shown(amount, product.currency)
    return Decision(
        client=client.id, product=product.id, product_names=product.name, amount=amount, currency=product.currency,
        today=today, client_level=client.level, client_kind=client.kind, product_level=case.level, allowed=allowed,
        summary=speaker.say(f"summary_{allowed}", product=speaker.words(product.name), level=case.level,
                            amount=money, client=client.id),
        rows=rows, reasons=_once(row.reason for row in rows),
        confirmations=_once(_confirmation(rule, result, speaker) for rule, result in judged),
        disclosures=_once([speaker.words(rules.disclosures[case.level]), *_told(judged, speaker)]),
        remedies=_once(row.remedy for row in rows),
        alternatives=_alternatives(case, rules) if with_alternatives and allowed != "yes" else (), language=language,
        rules_version=rules.version,
        data={table: dataset.digests[table] for table in _TABLES if table in dataset.digests},
    )  # fmt: skip


def _check_amount(amount: float) -> None:
    if isinstance(amount, bool) or not math.isfinite(amount) or not 0.0 < amount <= _LARGEST:
        raise InvalidRequest(
            _("The amount must be a number above 0 and up to {most}.", most=f"{_LARGEST:,.0f}"),
            _("Say for how much the client wants to buy, in the product's currency."),
            param="amount", code="amount_not_valid",
        )  # fmt: skip


def _check_funds(case: Case) -> None:
    if case.valued and case.amount_cny is not None and case.amount_cny > case.position.total:
        raise InvalidRequest(
            _("The amount {amount} is more than the client {client} has here, {total}.",
              amount=case.shown(case.amount_cny, "CNY"), client=case.client.id,
              total=case.shown(case.position.total, "CNY")),
            _("Correct the amount; new money counts once its payment is in the data."),
            param="amount", code="amount_above_assets",
        )  # fmt: skip


def _case(
    dataset: Dataset, client: Client, product: Product, amount: float, today: date, position: Position,
    speaker: Speaker, assessments: Sequence[date] | None,
) -> Case:  # fmt: skip
    return Case(
        dataset=dataset, client=client, product=product, amount=amount,
        amount_cny=_in_cny(dataset, amount, product.currency, today),
        need_cny=_in_cny(dataset, client.cash_need, client.currency, today), today=today, position=position,
        speaker=speaker, assessments=assessments,
    )  # fmt: skip


def _in_cny(dataset: Dataset, amount: float, currency: str, today: date) -> float | None:
    try:
        return amount * dataset.cny_for(currency, today)
    except (InvalidRequest, NotFound):  # no rate that can be trusted: the rules then say that it is not known
        return None


def _allowed(judged: Sequence[tuple[Rule, Judged]]) -> Allowed:
    """A rule that cannot be judged refuses, whatever its breach would lead to."""
    if any(found.outcome == "unknown" or (found.outcome == "broken" and rule.kind == "prohibit")
           for rule, found in judged):  # fmt: skip
        return "no"
    return "confirm" if any(found.outcome == "broken" for _rule, found in judged) else "yes"


def _row(rule: Rule, found: Judged, speaker: Speaker) -> Row:
    return Row(
        rule=rule.name, title=speaker.words(rule.title), kind=rule.kind, legal_source=speaker.words(rule.source),
        statutory=rule.statutory, facts=found.facts, limit=found.limit, required=found.required, outcome=found.outcome,
        reason=found.reason, remedy=found.remedy,
    )  # fmt: skip


def _confirmation(rule: Rule, found: Judged, speaker: Speaker) -> str | None:
    if rule.kind != "confirm" or found.outcome != "broken":
        return None
    reason = speaker.words(rule.says) if rule.says is not None else found.reason
    return speaker.say("confirmation", title=speaker.words(rule.title), reason=reason)


def _told(judged: Sequence[tuple[Rule, Judged]], speaker: Speaker) -> list[str]:
    return [
        speaker.words(rule.says)
        for rule, found in judged
        if rule.kind == "disclose" and rule.says is not None and found.outcome in ("met", "broken")
    ]


def _once(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def _alternatives(case: Case, rules: RuleBook) -> tuple[Alternative, ...]:
    """Return products of the same peer group or asset class that the rules allow for the same money, nearest first."""
    group, asset_class = case.product.peer_group, case.product.asset_class
    near = [
        one
        for one in case.dataset.products.values()
        if one.id != case.product.id and (one.asset_class == asset_class or (group and one.peer_group == group))
    ]
    found = [(one, allowed) for one in near if (allowed := _allowed_for(case, one, rules)) != "no"]

    def order(pair: tuple[Product, Allowed]) -> tuple[bool, bool, int, str]:
        one, allowed = pair
        apart = abs(grade(one.level) - grade(case.level))
        return allowed != "yes", one.peer_group != group, apart, one.id

    return tuple(
        Alternative(
            id=one.id, name=case.speaker.words(one.name), names=one.name, level=one.level,
            peer_group=one.peer_group, allowed=allowed,
        )
        for one, allowed in sorted(found, key=order)[:ALTERNATIVES]
    )  # fmt: skip


def _allowed_for(case: Case, product: Product, rules: RuleBook) -> Allowed:
    rate = _in_cny(case.dataset, 1.0, product.currency, case.today)
    if case.amount_cny is None or not rate:
        return "no"
    other = _case(case.dataset, case.client, product, case.amount_cny / rate, case.today, case.position, case.speaker,
                  case.assessments)  # fmt: skip
    confirm = False
    for rule in rules.rules:
        allowed = _allowed([(rule, rule.check(other))])
        if allowed == "no":
            return "no"
        confirm |= allowed == "confirm"
    return "confirm" if confirm else "yes"
