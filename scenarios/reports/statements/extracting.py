"""Financial statements of a folder: items with their places, checks, and what a person has to say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from appliance.scenario.yaml_files import read_words

from ..composing import Texts
from ..models import SURE, Gap, Item, Place, Reading, Scope, Statement
from ..showing import period_title
from .answering import Answered, applied, understood
from .asking import about_cells, about_days, about_scopes, about_units, about_values
from .chart import Chart, chart_of
from .checking import check_items
from .merging import Merged, about, merged
from .models import Block, Extraction
from .resolving import entries_of, with_units
from .rows import Found
from .scales import misfits
from .scanning import KINDS, scan
from .scopes import unnamed

KINDS_READ: Final = (
    "balance_sheet", "income_statement", "cash_flow_statement", "statements", "audit_report", "other", "",
)  # fmt: skip
"""Kinds of files whose tables may be statements."""
_TEXTS: Final = Path(__file__).with_name("texts.yaml")
_INSTEAD: Final = 0.9
_ROUNDS: Final = 4
"""An answer, such as a unit, may raise a question that is answered too."""


def extract(readings: Sequence[Reading], language: str, own: Path | None) -> Extraction:
    """Return the statements in the files that may hold some; `own` is the folder of the bank's files.

    Raises `ConfigError` for an accounts.yaml that cannot be used.
    """
    chart = chart_of(own)
    found = Found()
    for reading in readings:
        if reading.file.kind in KINDS_READ and reading.file.fault is None:
            scan(reading, chart, found)
    start = Extraction(
        blocks=tuple(found.blocks), drafts=tuple(found.drafts), near=tuple(found.near), unsaved=tuple(found.unsaved),
        unlisted=tuple(sorted(found.unlisted)), titles=chart.titles(language), own=str(own) if own else None,
    )  # fmt: skip
    return _settled(start, chart, Answered(), language)


def with_answers(extraction: Extraction, answers: Mapping[str, str], language: str) -> Extraction:
    """Return the extraction with an officer's answers, all of them by the ids of the questions, in force.

    An answer that does not say what was asked leaves its question open. Raises `ConfigError`.
    """
    chart = chart_of(Path(extraction.own) if extraction.own else None)
    current, before = extraction, -1
    for _round in range(_ROUNDS):
        known = sum(1 for question in current.asked if question.id in answers)
        if known == before:
            break
        before = known
        start = extraction.model_copy(update={"asked": current.asked})
        current = _settled(start, chart, understood(current.asked, answers), language)
    return current


def _settled(start: Extraction, chart: Chart, answered: Answered, language: str) -> Extraction:
    texts = Texts(read_words(_TEXTS), language)
    answered_blocks = [applied(block, answered) for block in start.blocks]
    blocks = with_units(answered_blocks, start.drafts)
    entries = entries_of(blocks, start.drafts, chart)
    wrong = misfits(entries)
    doubted = {one.block for one in wrong}
    pairs = unnamed([entry for entry in entries if entry.block.id not in doubted])
    doubted |= {block.id for pair in pairs for block in pair}
    fitting = [entry for entry in entries if entry.block.id not in doubted]
    results = _with_stand_ins(merged(fitting, start.titles, texts), chart)
    items = [one.item for one in results if one.item is not None and one.item.confidence >= SURE]
    items = _with_given(items, answered, chart, texts)
    near = [(one, blocks[one.block]) for one in start.near if one.block not in doubted]
    have = {about(one.key) for one in results} | {f"item:{what}" for what in answered.values}
    questions = [
        *about_units(blocks, wrong, texts),
        *about_days(blocks, start.drafts, texts),
        *about_scopes(pairs, texts),
        *about_values(results, near, start.titles, texts, answered.values),
        *about_cells(start.drafts, blocks, start.titles, texts, have),
    ]
    files_unlisted = {blocks[name].file for name in start.unlisted}
    return start.model_copy(
        update={
            "items": tuple(items),
            "checks": check_items(items, chart, tuple(files_unlisted), language),
            "questions": tuple(questions),
            "asked": tuple({one.id: one for one in (*start.asked, *questions)}.values()),
            "conflicts": tuple(_conflict(one, answered, texts) for one in results if one.conflict is not None),
            "gaps": tuple(_gaps(start, blocks, items, texts)),
            "blocks": tuple(answered_blocks),
        }
    )


def _conflict(one: Merged, answered: Answered, texts: Texts) -> object:
    conflict = one.conflict
    if conflict is not None and conflict.about.removeprefix("item:") in answered.values:
        given = answered.texts[conflict.about.removeprefix("item:")]
        place = Place(file="officer", name=texts("person"), quote=given)
        return conflict.model_copy(
            update={
                "values": (*conflict.values, given), "places": (*conflict.places, place),
                "used": len(conflict.values), "reason": texts("officer"),
            }
        )  # fmt: skip
    return conflict


def _with_stand_ins(results: Sequence[Merged], chart: Chart) -> list[Merged]:
    """Add accounts that are not given and for which another one stands, such as 营业总收入 for 营业收入."""
    added = list(results)
    by_key = {one.key: one for one in results}
    for code, account in chart.accounts.items():
        for (other, *rest), one in list(by_key.items()) if account.instead else ():
            key = (code, *rest)
            if other == account.instead and key not in by_key and one.item is not None:
                item = one.item.model_copy(
                    update={"account": code, "confidence": round(one.item.confidence * _INSTEAD, 3)}
                )
                added.append(Merged(key, item, None, one.entries))  # type: ignore[arg-type]
    return added


def _with_given(items: Sequence[Item], answered: Answered, chart: Chart, texts: Texts) -> list[Item]:
    """Return the items with those that an officer gave in the place of what was read."""
    kept = [item for item in items if _about(item) not in answered.values]
    months = Counter((item.period, item.months) for item in items if item.months)
    for what, value in answered.values.items():
        name, _sep, scope = what.partition(":")
        code, _at, period = name.partition("@")
        account = chart.accounts.get(code)
        if account is None:
            continue
        span = max((one for one in months if one[0] == period), key=lambda one: months[one], default=(period, 12))[1]
        whose: Scope = "parent" if scope == "parent" else _main_scope(items)
        place = Place(file="officer", name=texts("person"), quote=answered.texts[what])
        kept.append(
            Item(
                account=code, statement=account.statement, period=period,
                months=0 if account.statement == "balance" else span, scope=whose, value=value,
                printed=answered.texts[what], unit="元", label=account.title.within(texts.language), confidence=1.0,
                place=place,
            )
        )  # fmt: skip
    return kept


def _about(item: Item) -> str:
    return f"{item.account}@{item.period}" + (":parent" if item.scope == "parent" else "")


def _main_scope(items: Sequence[Item]) -> Scope:
    scopes = {item.scope for item in items}
    return "consolidated" if "consolidated" in scopes else "unknown"


def _gaps(start: Extraction, blocks: Mapping[str, Block], items: Sequence[Item], texts: Texts) -> list[Gap]:
    """Return the statements that are missing beside others, and the files whose values were not saved."""
    gaps = []
    counts = Counter((place.file, place.name) for place in start.unsaved)
    for (file, name), count in counts.items():
        gaps.append(Gap(about=f"file:{file}", title=name, reason=texts("unsaved_file", name=name, count=count)))
    kinds = {"balance": "balance_sheet", "income": "income_statement", "cash_flow": "cash_flow_statement"}
    seen = {block.statement for block in blocks.values()}
    for statement in KINDS if seen else ():
        title = texts(statement)
        if statement not in seen:
            gaps.append(
                Gap(
                    about=f"kind:{kinds[statement]}",
                    title=title,
                    reason=texts("missing", statement=title),
                    required=True,
                )
            )
            continue
        for period in _periods_without(items, statement):
            at = period_title(period, 12, texts.language)
            reason = texts("missing_year", statement=title, period=at)
            gaps.append(Gap(about=f"kind:{kinds[statement]}@{period}", title=f"{at} {title}", reason=reason))
    return gaps


def _periods_without(items: Sequence[Item], statement: Statement) -> list[str]:
    """Return the latest days that have other statements of a report's own, and not this one."""
    have = {item.period for item in items if item.statement == statement}
    others = {item.period for item in items if item.statement != statement}
    return sorted(period for period in others if period not in have and period > min(have, default=period))
