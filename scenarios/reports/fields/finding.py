"""Where a field that a company has once stands in a paper: behind labels, in clauses, by known words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Final

from ..models import Place, Reading
from ..sorting.companies import company_names
from ..sorting.credit_codes import is_credit_code
from ..sorting.labels import ENDING, Hit, Labels
from ..sorting.places import passage_place
from .clauses import Budget, matches
from .loading import FieldForm, Fields
from .naming import only_name
from .values import Value, folded, nothing, read_value, tidy_name

_DAY_AT_END: Final = re.compile(
    r"(?:\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?日|[二一][〇○零一二三四五六七八九]{3}年[一二三四五六七八九十]{1,2}月"
    r"[一二三四五六七八九十]{1,3}日|\d{4}-\d{2}-\d{2}|\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4})$"
)
_FIRST_DAY: Final = date(1900, 1, 1)
_MOST_PASSAGES: Final = 2000
_MOST_LINES_ON: Final = 8
_SENTENCE_LENGTH: Final = 40
_ABOUT: Final = re.compile(r"约|左右|近千|余人|about|approximately|nearly", re.IGNORECASE)
_ROUGHLY: Final = 0.7
_OTHER: Final = 0.9
"""What is left of the certainty in a paper of unknown kind."""


@dataclass(frozen=True)
class Candidate:
    """A value of a field in one paper."""

    name: str
    value: Value
    place: Place
    kind: str
    """Kind of the paper."""
    file: str
    day: str
    """Day of the paper; empty where it has none."""


def candidates(reading: Reading, fields: Fields, day: str, today: date) -> list[Candidate]:
    """Return what a paper says of the fields that papers of its kind may hold, at most one value each."""
    kind = reading.file.kind
    wanted = {name: form for name, form in fields.fields.items() if kind in form.where}
    if not wanted:
        return []
    found: dict[str, tuple[Value, Place]] = {}
    hits = _labels(fields, kind).hits(reading)
    for name, value, place in [*_labelled(reading, wanted, hits), *_of_clauses(reading, wanted)]:
        known = found.get(name)
        if known is None or value.sure > known[0].sure:
            found[name] = (value, place)
    for name, form in wanted.items():
        special = _special(reading, form)
        if special is not None and (name not in found or form.means):
            found[name] = special
    for name, form in wanted.items():
        if form.check == "company" and name not in found:
            named = _named(reading)
            if named is not None:
                found[name] = named
    return [
        Candidate(name, _checked(wanted[name], value, kind, today), place, kind, reading.file.id, day)
        for name, (value, place) in found.items()
    ]


@lru_cache(maxsize=200)
def _cached_labels(pairs: tuple[tuple[str, tuple[str, ...]], ...]) -> Labels:
    return Labels(dict(pairs))


def _labels(fields: Fields, kind: str) -> Labels:
    """Return the labels of a kind of paper; those of fields that it does not hold end a value all the same."""
    ending = ((ENDING, fields.other_labels),)
    pairs = ending + tuple(
        (name, (*form.labels_in.get(kind, ()), *form.labels)) for name, form in fields.fields.items() if form.labels
    )
    return _cached_labels(pairs)


def _labelled(
    reading: Reading, wanted: dict[str, FieldForm], hits: Iterator[Hit]
) -> Iterator[tuple[str, Value, Place]]:
    for hit in hits:
        form = wanted.get(hit.key)
        if form is None:
            continue
        text, place = hit.text, hit.place
        if form.runs_on and place.line is not None and place.cell is None:
            text, place = _run_on(reading, hit)
        if form.none is not None and nothing(text):
            yield hit.key, Value(f"{form.none:g}", form.none, "CNY" if form.type == "money" else "count"), place
            continue
        value = read_value(form.type, text, hit.unit)
        if value is None:
            continue
        if form.type == "name":
            value = replace(value, text=only_name(value.text))
        if any(word in value.text for word in form.never):
            continue
        if form.type in ("name", "text"):
            if len(text) > form.most or (not hit.sure and _is_sentence(hit.text) and not form.runs_on):
                continue
            if form.type == "text":
                value = replace(value, text=value.text[: form.most])
        yield hit.key, (value if hit.sure else replace(value, sure=value.sure * 0.95)), place


def _is_sentence(text: str) -> bool:
    """Say whether what follows a label without a colon is running text rather than a value."""
    return bool(re.match(r"[的为是应由在变及和与、]", text)) or (len(text) > _SENTENCE_LENGTH and "，" in text)


def _run_on(reading: Reading, hit: Hit) -> tuple[str, Place]:
    """Return a value with the lines below it, up to the next label, heading or full stop."""
    at = next((at for at, one in enumerate(reading.passages) if one.line == hit.place.line), None)
    if at is None:
        return hit.text, hit.place
    text = hit.text
    quote = hit.place.quote
    if quote.endswith(("；", ";", "，", "、")):
        text += quote[-1]
    for passage in reading.passages[at + 1 : at + 1 + _MOST_LINES_ON]:
        if text.rstrip().endswith(("。", "）", ")")) or passage.level or _starts_a_label(passage.text):
            break
        if passage.text.strip() in text:  # the value stood in a line of its own
            continue
        text += passage.text.strip()
        quote += passage.text.strip()
    return text, hit.place.model_copy(update={"quote": quote[:600]})


def _starts_a_label(text: str) -> bool:
    return re.match(r"\s*[^\s：:，。；;]{2,14}\s*(?:[：:]|[ \u3000]{1,6}\S)", text) is not None and len(text) < 80


def _of_clauses(reading: Reading, wanted: dict[str, FieldForm]) -> Iterator[tuple[str, Value, Place]]:
    spoken = {name: form for name, form in wanted.items() if form.clauses}
    budget = Budget()
    for passage in reading.passages[:_MOST_PASSAGES]:
        if not budget.allows(passage.text):
            return
        for name, form in spoken.items():
            for values, quote in matches(passage.text, form.clauses, {"value": form.type}):
                printed = values.get("value", "")
                value = read_value(form.type, printed)
                if value is None or len(printed) > max(form.most, 20) or any(word in printed for word in form.never):
                    continue
                place = passage_place(reading, passage, passage.text if len(passage.text) <= 300 else quote)
                about = _ABOUT.search(quote) is not None
                yield name, replace(value, sure=value.sure * (_ROUGHLY if about else 0.93)), place


def _special(reading: Reading, form: FieldForm) -> tuple[Value, Place] | None:
    if form.means:
        return _meaning(reading, form)
    if form.ends:
        return _ending(reading, form)
    return _last_day(reading) if form.last_day else None


def _meaning(reading: Reading, form: FieldForm) -> tuple[Value, Place] | None:
    """Return which of few values a paper speaks of, the first that fits; words after 无 or 非 do not count."""
    for name, meaning in form.means.items():
        for passage in reading.passages[:_MOST_PASSAGES]:
            text = folded(passage.text).replace("’", "'")
            for word in meaning.words:
                lead = r"(?<![A-Za-z])" if word.isascii() else r"(?<![无非])"
                if re.search(lead + re.escape(word), text, re.IGNORECASE):
                    return Value(name, sure=0.9), passage_place(reading, passage)
    return None


def _ending(reading: Reading, form: FieldForm) -> tuple[Value, Place] | None:
    """Return the first name that has one of the field's endings; a day that runs into it is no part of it."""
    for passage in reading.passages[:_MOST_PASSAGES]:
        text = re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", passage.text[:500])
        text = re.sub(r"\d{1,4}\s*[年月日]", " ", text)
        for ending in form.ends:
            before = r"[\u4e00-\u9fff]{2,20}?" if not ending.isascii() else r"(?:[A-Z][A-Za-z&-]+ ){1,5}"
            found = re.search(before + re.escape(ending), text)
            if found is not None:
                return Value(tidy_name(found.group()), sure=0.9), passage_place(reading, passage)
    return None


def _named(reading: Reading) -> tuple[Value, Place] | None:
    """Return the company that the paper is about, where its title names it rather than a label."""
    company = reading.file.company
    if company is None:
        return None
    passage = next((one for one in reading.passages[:40] if company in one.text), None)
    return None if passage is None else (Value(tidy_name(company), sure=0.85), passage_place(reading, passage))


def _last_day(reading: Reading) -> tuple[Value, Place] | None:
    for passage in reversed(reading.passages[:_MOST_PASSAGES]):
        text = passage.text.strip()
        if len(text) <= 300:
            found = _DAY_AT_END.search(folded(text))
            value = read_value("day", found.group()) if found is not None else None
            if value is not None and value.sure == 1.0:
                return replace(value, sure=0.9), passage_place(reading, passage)
    return None


def _checked(form: FieldForm, value: Value, kind: str, today: date) -> Value:
    """Return a value, less sure where it is implausible or the paper is of unknown kind."""
    sure = value.sure * (_OTHER if kind == "other" else 1.0)
    if form.check == "credit_code" and not is_credit_code(value.text):
        sure = min(sure, 0.4)
    if form.check == "company" and not company_names(value.text):
        sure = min(sure, 0.2)
    if form.check == "past_day" and not _FIRST_DAY.isoformat() <= value.text <= today.isoformat():
        sure = min(sure, 0.3)
    if form.check == "positive" and not (value.number or 0.0) > 0.0:
        sure = min(sure, 0.3)
    return replace(value, sure=round(sure, 3))


def paper_day(reading: Reading, fields: Fields) -> str:
    """Return the day of a paper, by its labels or else its name; empty where it has none."""
    labels = _cached_labels((("day", fields.paper_days),))
    for hit in labels.hits(reading, 300, 60):
        value = read_value("day", hit.text)
        if value is not None and value.sure == 1.0 and len(hit.text) <= 40:
            return value.text
    named = read_value("day", reading.file.name)
    signed = None if named is not None else _last_day(reading)
    if named is not None or signed is not None:
        return named.text if named is not None else signed[0].text if signed is not None else ""
    year = read_value("year", reading.file.name)
    return f"{year.text}-12-31" if year is not None else ""
