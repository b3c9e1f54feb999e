"""What holds where papers speak of one field: the same in another writing is no conflict, and rules choose."""

import difflib
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..models import SURE, Conflict, Fact, Question
from ..showing import day_title, shown
from ..sorting.companies import same_company
from .finding import Candidate
from .loading import Fields, say
from .values import Value, folded

_NEAR = 0.02
_SIMILAR = 0.9


@dataclass(frozen=True)
class Settled:
    """What became of the candidates of one field."""

    fact: Fact | None = None
    conflict: Conflict | None = None
    question: Question | None = None


@dataclass(frozen=True)
class Subject:
    """What is settled: a field, or a column of an entry of a list."""

    name: str
    title: str
    type: str
    where: tuple[str, ...]
    group: str = ""
    same_by: str = "value"
    latest: bool = False
    leads: int = 100
    """How many kinds of `where` count by their order; all others by their day."""

    @property
    def about(self) -> str:
        """Return the address of the field, as questions and conflicts name it."""
        return f"field:{self.group}.{self.name}" if self.group else f"field:{self.name}"


def settle(
    subject: Subject, found: Sequence[Candidate], fields: Fields, kind_title: Callable[[str], str], language: str
) -> Settled:
    """Choose among what papers say of one field; what no paper says clearly becomes a question."""
    sure = [one for one in found if one.value.sure >= SURE]
    if not sure:
        return Settled(question=_question(subject, found, fields, language)) if found else Settled()
    if subject.latest:
        newest = max(one.day for one in sure)
        sure = [one for one in sure if one.day == newest]
    clusters = _clusters(subject, sure)
    clusters.sort(key=lambda cluster: _rank(subject, cluster[0]))
    best = clusters[0][0]
    value = best.value
    fact = fact_of(subject, value, best, fields, language, max(one.value.sure for one in clusters[0]))
    if len(clusters) == 1:
        return Settled(fact)
    reason, clear = _reason(subject, clusters, fields, kind_title, language)
    spoken = [one for cluster in clusters for one in cluster]
    values = tuple(shown_value(subject, one.value, fields, language) for one in spoken)
    conflict = Conflict(
        about=subject.about,
        title=subject.title,
        values=values,
        places=tuple(one.place for one in spoken),
        used=0 if clear else None,
        reason=reason,
    )
    if clear:
        return Settled(fact, conflict)
    text = say("differ", language, title=subject.title)
    asked = Question(
        id=question_id(subject.about, values), text=text, about=subject.about, choices=values, places=conflict.places
    )
    return Settled(None, conflict, asked)


def fact_of(subject: Subject, value: Value, source: Candidate, fields: Fields, language: str, sure: float) -> Fact:
    """Return a value as a fact."""
    return Fact(
        name=subject.name,
        title=subject.title,
        value=value.text,
        number=value.number,
        unit=value.unit,
        shown=shown_value(subject, value, fields, language),
        group=subject.group,
        confidence=min(1.0, sure),
        place=source.place,
    )


def shown_value(subject: Subject, value: Value, fields: Fields, language: str) -> str:
    """Write a value as texts do."""
    form = fields.fields.get(subject.name)
    if form is not None and value.text in form.means:
        return form.means[value.text].title.within(language)
    if subject.type == "day":
        return day_title(value.text, language)
    if subject.type == "months" and value.number is not None:
        count = shown(value.number, "count", language)
        return say("one_month" if count == "1" else "months", language, count=count)
    if value.number is not None and value.unit:
        return shown(value.number, value.unit, language)
    return value.text


def question_id(about: str, values: Sequence[str]) -> str:
    """Return the id that the same question has at every run."""
    return f"q_{hashlib.sha256('|'.join((about, *values)).encode()).hexdigest()[:12]}"


def _question(subject: Subject, found: Sequence[Candidate], fields: Fields, language: str) -> Question:
    ordered = sorted(found, key=lambda one: _rank(subject, one))
    choices = list(
        dict.fromkeys(
            choice
            for one in ordered
            for choice in (one.value.choices or (shown_value(subject, one.value, fields, language),))
        )
    )
    form = fields.fields.get(subject.name)
    wrong = form is not None and form.check == "credit_code"
    text = say("bad_code" if wrong else "unsure", language, title=subject.title, value=choices[0])
    places = tuple(dict.fromkeys(one.place for one in ordered))
    return Question(
        id=question_id(subject.about, choices),
        text=text,
        about=subject.about,
        choices=() if wrong else tuple(choices[:6]),
        places=places[:6],
    )


def _rank(subject: Subject, one: Candidate) -> tuple[int, int]:
    kind = subject.where.index(one.kind) if one.kind in subject.where else len(subject.where)
    kind = min(kind, subject.leads)
    day = int(one.day.replace("-", "")) if one.day else 0
    return kind, -day


def _clusters(subject: Subject, found: Sequence[Candidate]) -> list[list[Candidate]]:
    clusters: list[list[Candidate]] = []
    for one in sorted(found, key=lambda candidate: _rank(subject, candidate)):
        home = next((cluster for cluster in clusters if same_value(subject, cluster[0].value, one.value)), None)
        if home is None:
            clusters.append([one])
        else:
            home.append(one)
    return clusters


def _reason(
    subject: Subject,
    clusters: Sequence[Sequence[Candidate]],
    fields: Fields,
    kind_title: Callable[[str], str],
    language: str,
) -> tuple[str, bool]:
    """Return why the first cluster holds, and whether a rule says so."""
    best, next_best = clusters[0][0], clusters[1][0]
    reasons = fields.reasons
    if best.kind != next_best.kind and _rank(subject, best)[0] < _rank(subject, next_best)[0]:
        text = reasons.kind.within(language)
        return text.format(kind=kind_title(best.kind), other=kind_title(next_best.kind)), True
    if best.day and next_best.day and best.day > next_best.day:
        return reasons.later.within(language), True
    if len(clusters[0]) > max(len(cluster) for cluster in clusters[1:]):
        return reasons.agreed.within(language), True
    return reasons.unclear.within(language), False


def same_value(subject: Subject, one: Value, other: Value) -> bool:
    """Say whether two values mean the same, however they are written."""
    if subject.type in ("money", "share", "count", "months"):
        if one.number is None or other.number is None or one.unit != other.unit:
            return False
        slack = _NEAR if subject.same_by == "near" else 1e-6
        return abs(one.number - other.number) <= slack * max(abs(one.number), abs(other.number), 1e-9)
    if subject.same_by == "company":
        return same_company(one.text, other.text) is not False
    left, right = plain_text(one.text), plain_text(other.text)
    if left == right:
        return True
    if subject.same_by == "inner":
        short, long = sorted((left, right), key=len)
        return len(short) >= 6 and (long.endswith(short) or long.startswith(short))
    if subject.same_by == "similar":
        short, long = sorted((left, right), key=len)
        return short in long or difflib.SequenceMatcher(None, left[:600], right[:600]).ratio() >= _SIMILAR
    if subject.type == "name":
        return same_company(one.text, other.text) is True
    return False


def plain_text(text: str) -> str:
    """Return a text without spaces, punctuation and case, in half width: what is compared."""
    return re.sub(r"[\W_]+", "", folded(text)).lower()
