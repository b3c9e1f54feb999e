"""What pydantic cannot see in an outline: names that do not exist, numbers outside references, ids given twice."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.core.messages import Message, _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import refuse

from .codes import Codes
from .models import SOURCES, Condition, Outline, Part, texts_of
from .references import VALUES, own_words, parse, pieces, references

NUMBER: Final = re.compile(
    r"\d+"
    r"|[零〇二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]+(?=[个家笔起期项年月日天元倍成名位户份次套件级大]|分之)"
    r"|一(?=[年月日天倍成季])"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion)\b",
    re.IGNORECASE,
)
BASES: Final = ("warnings", "payments")


def check(file: Path, outline: Outline, codes: Codes) -> None:
    """Check the names, references and words of an outline. Raises `ConfigError`: file, entry and fix."""
    seen: set[str] = set()
    for number, document in enumerate(outline.documents):
        _check_kinds(file, f"documents.{number}.kind", document.kind, codes)
        _check_words(file, f"documents.{number}.why", document.why, outline, codes)
    _check_words(file, "title", outline.title, outline, codes)
    for section in outline.sections:
        entry = f"sections.{section.id}"
        if section.id in seen:
            refuse(file, entry, _("two sections have this id"), _("Give each section an id of its own."))
        seen.add(section.id)
        _check_words(file, f"{entry}.title", section.title, outline, codes)
        for kind in section.needs:
            _check_kinds(file, f"{entry}.needs", kind, codes)
        for number, part in enumerate(section.parts):
            _check_part(file, f"{entry}.parts.{number}", part, outline, codes)


def _check_part(file: Path, entry: str, part: Part, outline: Outline, codes: Codes) -> None:
    for name, words in texts_of(part):
        _check_words(file, f"{entry}.{name}", words, outline, codes)
    for form, name in _names(part):
        family = name.removesuffix(".*")
        fault = codes.name_fault(form, name if "." in family or family == name else f"{family}.*")
        _refuse_fault(file, entry, fault)
    for condition in _conditions(part):
        for text in _operands(condition):
            _check_reference(file, f"{entry}.when", text, codes)
    for line in (*(part.text or ()), *(part.each.text if part.each else ())):
        for compared in (line.compare.of, line.compare.to) if line.compare else ():
            if compared is not None:
                _check_reference(file, f"{entry}.compare", compared, codes)
        if line.compare is None and "{moved}" in line.en + line.zh:
            refuse(file, entry, _("{moved} needs `compare`", moved="{moved}"), _("Say what is compared with what."))
    for base in part.opinion.rests_on if part.opinion else ():
        if base not in BASES and not base.startswith("finding:"):
            _check_reference(file, f"{entry}.opinion.rests_on", base, codes)


def _names(part: Part) -> Iterator[tuple[str, str]]:
    """Yield the names that a part's tables, charts, quotations and lists use, each with its form."""
    if part.table is not None:
        table = part.table
        yield from (("item", one) for one in table.items)
        yield from (("figure", one) for one in table.figures)
        yield from (("fact", one) for one in (*table.facts, *table.columns))
        yield from (("group", one) for one in ([table.group] if table.group else []))
        yield from (("figure", one) for one in (table.formulas if table.formulas != "all" else ()))
    if part.chart is not None:
        yield from (("item", one) for one in part.chart.items)
        yield from (("figure", one) for one in part.chart.figures)
    if part.quotes is not None:
        yield from (("fact", one) for one in part.quotes.facts)
    if part.each is not None:
        yield "group", part.each.group


def _conditions(part: Part) -> Iterator[Condition]:
    lines = (*(part.text or ()), *(part.each.text if part.each else ()))
    for one in (part.when, part.opinion.when if part.opinion else None, *(line.when for line in lines)):
        yield from _whole(one)


def _whole(condition: Condition | None) -> Iterator[Condition]:
    if condition is not None:
        yield condition
        for one in (*condition.all, *condition.any, *condition.none):
            yield from _whole(one)


def _operands(condition: Condition) -> Iterator[str]:
    for name in SOURCES:
        value = getattr(condition, name)
        if value is not None and name != "findings":
            yield from (f"{name}:{one}" for one in (value.split("|") if name == "kind" else [value]))
    for name in ("above", "below", "at_least", "at_most"):
        value = getattr(condition, name)
        if isinstance(value, str):
            yield value


def _check_reference(file: Path, entry: str, text: str, codes: Codes) -> None:
    try:
        reference = parse(text)
    except ValueError as error:
        refuse(file, entry, error.args[0])
    if reference.form not in (*VALUES, "count", "kind", "period"):
        refuse(file, entry, _("{text} is no value", text=text), _("Use item:, figure:, fact: or count: here."))
    _refuse_fault(file, entry, codes.fault(reference))


def _refuse_fault(file: Path, entry: str, fault: tuple[Message, Message | None] | None) -> None:
    if fault is not None:
        refuse(file, entry, fault[0], fault[1])


def _check_kinds(file: Path, entry: str, kinds: str, codes: Codes) -> None:
    for kind in kinds.split("|"):
        _refuse_fault(file, entry, codes.name_fault("kind", kind))


def _check_words(file: Path, entry: str, words: Words, outline: Outline, codes: Codes) -> None:
    for language in ("en", "zh"):
        text = words.within(language)
        where = f"{entry}.{language}"
        try:
            list(pieces(text))
        except ValueError as error:
            refuse(file, where, error.args[0])
        for reference in references(text):
            _refuse_fault(file, where, codes.fault(reference))
        number = first_number(text, outline.literal)
        if number is not None:
            refuse(
                file,
                where,
                _("the number {number} stands outside of a reference", number=number),
                _("Take it from a reference in braces; a law's or a standard's number goes into `literal`."),
            )


def first_number(text: str, literal: tuple[str, ...]) -> str | None:
    """Return the first number in the words of a text that no reference and no literal text holds."""
    words = own_words(text)
    for one in sorted(literal, key=len, reverse=True):
        words = words.replace(one, "")
    match = NUMBER.search(words)
    return match.group() if match else None
