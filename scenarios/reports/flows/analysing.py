"""Flow figures and findings of bank statements, by the rules of payments.yaml."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from appliance.core.clock import utc_now

from ..models import Analysis, Figure, Finding, Payment, Place
from .ledger import Ledger
from .measured import Measured
from .measures import MEASURES
from .rules import MEASURES as GIVEN
from .rules import Rule, book_in_force
from .sums import Maker, totals

_PLACES: Final = 40
"""Places that a finding names."""


def analyse(
    payments: Sequence[Payment],
    subject: str,
    language: str,
    own: Path | None = None,
    related: Sequence[str] = (),
    today: date | None = None,
) -> Analysis:
    """Compute flow figures and apply the rules; `related` names shareholders, managers and other related parties.

    Payments in other than the main currency, and such after `today`, are in no sum. Raises `ConfigError`.
    """
    book = book_in_force(own)
    day = today or utc_now().date()
    ledger = Ledger(payments, subject, related, book.party_words, day)
    if not ledger.entries:
        return Analysis()
    maker = Maker(ledger, language, book.listed)
    figures = list(totals(maker, book.ranks))
    findings = []
    for name, rule in book.rules.items():
        if not rule.active:
            continue
        measured = MEASURES[rule.measure](ledger, rule.thresholds, rule.words)
        made = _figures(maker, name, rule, measured)
        known = {figure.id for figure in figures}
        figures += [figure for figure in made.values() if figure.id not in known]
        if rule.when.holds(measured.values.get(rule.when.value)):
            figures_used, finding = _finding(maker, name, rule, measured, made)
            known = {figure.id for figure in figures}
            figures += [figure for figure in figures_used if figure.id not in known]
            findings.append(finding)
    order = {"serious": 0, "warning": 1, "info": 2}
    findings.sort(key=lambda finding: order[finding.severity])
    return Analysis(figures=tuple(figures), findings=tuple(findings))


def _figures(maker: Maker, name: str, rule: Rule, measured: Measured) -> dict[str, Figure]:
    """Return the values of a rule as figures, by the value's name."""
    gives, _takes = GIVEN[rule.measure]
    inputs = maker.inputs(measured.payments)
    title = rule.title.within(maker.language)
    made = {}
    for value, unit in gives.items():
        made[value] = maker.figure(
            rule.figures.get(value, f"{name}.{value}"),
            maker.say("value_of", rule=title, value=maker.say(value)),
            measured.values.get(value),
            unit,
            maker.say("formula.rule"),
            inputs,
        )
    return made


def _finding(
    maker: Maker, name: str, rule: Rule, measured: Measured, made: dict[str, Figure]
) -> tuple[list[Figure], Finding]:
    """Return the figures that a finding's text names, its thresholds among them, and the finding."""
    _gives, takes = GIVEN[rule.measure]
    text = rule.text.within(maker.language)
    spoken = re.findall(r"\{(\w+)\}", text)
    title = rule.title.within(maker.language)
    used: dict[str, Figure] = {}
    for one in dict.fromkeys(spoken):
        if one in made:
            used[one] = made[one]
        elif one in takes:
            limit = maker.say("value_of", rule=title, value=maker.say("threshold"))
            formula = maker.say("payments_file")
            used[one] = maker.figure(f"{name}.{one}", limit, rule.thresholds.get(one), takes[one], formula)
    joint = "、" if maker.language.startswith("zh") else ", "
    names = joint.join(measured.names) or maker.say("nobody")
    values = {one: figure.shown for one, figure in used.items()} | {"names": names}
    finding = Finding(
        rule=name,
        severity=rule.severity,
        title=title,
        text=text.format(**values),
        figures=tuple(figure.id for figure in used.values()),
        places=_places(measured),
    )
    return list(used.values()), finding


def _places(measured: Measured) -> tuple[Place, ...]:
    """Return the places of the payments, one for each name first, then the largest."""
    rows = sorted(measured.payments, key=lambda payment: -abs(payment.amount))
    named = [next(payment for payment in rows if payment.counterparty == name) for name in measured.names]
    chosen = [*named, *rows][:_PLACES]
    return tuple(dict.fromkeys(payment.place for payment in chosen))
