"""Lists of several papers as one: entries that belong together, what papers differ in, what does not add up."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..models import SURE, Conflict, Fact, Gap, Question, Reading
from ..sorting.companies import is_chinese, stem
from .finding import Candidate
from .lists import Entry, entries, key_text, share_total
from .loading import Fields, ListForm, say
from .settling import Subject, plain_text, settle
from .years import Paper, split_sorts, yearly


@dataclass
class Collected:
    """What came of one list."""

    facts: list[Fact] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def collect(
    name: str,
    form: ListForm,
    papers: Sequence[tuple[Reading, str]],
    subject: str,
    fields: Fields,
    kind_title: Callable[[str], str],
    language: str,
) -> Collected:
    """Return the entries of a list over all papers that may hold it; `papers` come with their days."""
    read = [Paper(reading, day, _of_paper(reading, form, subject)) for reading, day in papers]
    read = sorted((paper for paper in read if paper.entries), key=lambda paper: _rank(form, paper))
    if not read:
        return Collected()
    out = Collected()
    for paper in read[:1] if form.complete else read:
        gap = _total_gap(form, paper, fields, language)
        if gap is not None:
            out.gaps.append(gap)
    keys: dict[tuple[str, int], list[tuple[Paper, Entry]]] = {}
    for paper in read:
        seen: Counter[str] = Counter()  # an entry of the same key again is another one
        for entry in paper.entries:
            plain = _plain_key(key_text(entry, form))
            keys.setdefault((plain, seen[plain]), []).append((paper, entry))
            seen[plain] += 1
    if form.complete:
        _tell_missing(form, read, keys, out, language)
    if form.group_by_year:
        keys = dict(sorted(keys.items()))
    for number, (key, members) in enumerate(keys.items(), start=1):
        group = f"{name}.{key[0]}" if form.group_by_year else f"{name}.{number}"
        parts = split_sorts(members, form) if form.apart is not None else [members]
        for again, part in enumerate(parts, start=1):
            whole = group if again == 1 else f"{group}.{again}"
            _settle_entry(whole, form, part, fields, kind_title, language, out)
    return out


def _of_paper(reading: Reading, form: ListForm, subject: str) -> tuple[Entry, ...]:
    found = entries(reading, form, subject)
    return tuple(yearly(found, reading, form)) if form.group_by_year else tuple(found)


def _rank(form: ListForm, paper: Paper) -> tuple[int, int]:
    kind = paper.reading.file.kind
    return (
        form.where.index(kind) if kind in form.where else len(form.where),
        -int(paper.day.replace("-", "") or 0),
    )


def _plain_key(text: str) -> str:
    return stem(text) if is_chinese(text) else plain_text(text)


def _total_gap(form: ListForm, paper: Paper, fields: Fields, language: str) -> Gap | None:
    if form.total is None:
        return None
    total = share_total(paper.entries, form.total.column)
    if total is None or abs(total - form.total.must_be) <= form.total.tolerance:
        return None
    return Gap(
        about=f"field:{form.total.column}",
        title=fields.title_of(form.total.column, language),
        reason=say("total_off", language, name=paper.reading.file.name),
    )


def _tell_missing(
    form: ListForm,
    read: Sequence[Paper],
    keys: dict[tuple[str, int], list[tuple[Paper, Entry]]],
    out: Collected,
    language: str,
) -> None:
    """Name entries that only some of the papers list; those that the first paper does not know are left out."""
    first = read[0]
    for key, members in list(keys.items()):
        listing = {id(paper) for paper, _entry in members}
        silent = [paper for paper in read if id(paper) not in listing]
        if not silent:
            continue
        entry = members[0][1]
        _value, place = entry.cells[form.key]
        other = silent[0].entries[0].cells[form.key][1]
        in_first = id(first) in listing
        title = form.columns[form.key].title.within(language)
        out.conflicts.append(
            Conflict(
                about=f"field:{form.key}",
                title=f"{title} {key_text(entry, form)}",
                values=(key_text(entry, form), say("not_listed", language)),
                places=(place, other),
                used=0 if in_first else 1,
                reason=say("list_of", language, name=first.reading.file.name),
            )
        )
        if not in_first:
            del keys[key]


def _settle_entry(
    group: str,
    form: ListForm,
    members: Sequence[tuple[Paper, Entry]],
    fields: Fields,
    kind_title: Callable[[str], str],
    language: str,
    out: Collected,
) -> None:
    for column, shape in form.columns.items():
        found = [
            Candidate(column, value, place, paper.reading.file.kind, paper.reading.file.id, paper.day)
            for paper, entry in members
            for value, place in [entry.cells.get(column, (None, None))]
            if value is not None and place is not None
        ]
        if not found:
            continue
        entry_name = key_text(members[0][1], form)
        title = shape.title.within(language)
        subject = Subject(column, title, shape.type, form.where, group)
        settled = settle(subject, found, fields, kind_title, language)
        whole = say("entry", language, list=form.title.within(language), entry=entry_name, title=title)
        if settled.fact is not None and settled.fact.confidence >= SURE:
            out.facts.append(settled.fact)
        if settled.conflict is not None:
            out.conflicts.append(settled.conflict.model_copy(update={"title": whole}))
        if settled.question is not None:
            text = settled.question.text.replace(title, whole, 1)
            out.questions.append(settled.question.model_copy(update={"text": text}))
