"""Facts of the subject out of all papers of the folder, with what differs, what is missing and what must be asked."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from appliance.core.clock import utc_now

from ..models import SURE, Conflict, Fact, Gap, Part, Place, Question, Reading
from ..sorting.kinds import Kinds, kinds_in_force
from .collecting import collect
from .finding import Candidate, candidates, paper_day
from .loading import Fields, fields_in_force, say
from .papers import Papers, whose
from .quoting import quotations
from .settling import Subject, fact_of, settle
from .values import Type, read_value


class FieldReading(Part):
    """What the papers state of the subject."""

    subject: str
    """As it was given or, if it was not, as the papers name it."""
    facts: tuple[Fact, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    gaps: tuple[Gap, ...] = ()
    questions: tuple[Question, ...] = ()
    other_companies: tuple[str, ...] = ()
    """Ids of files of other companies, of which nothing may be used."""
    mostly_other: str | None = None
    """The company whose papers most of them are, where it is not the subject."""


def read_facts(
    readings: Sequence[Reading], subject: str, language: str, own: Path | None = None, today: date | None = None
) -> FieldReading:
    """Read what sorted papers state of `subject` (empty: the company of most papers). Raises `ConfigError`."""
    fields, kinds = fields_in_force(own), kinds_in_force(own)
    day = today or utc_now().date()
    papers = whose(readings, subject, kinds)
    dated = [(reading, paper_day(reading, fields)) for reading in papers.ours if reading.file.fault is None]
    facts: list[Fact] = []
    conflicts: list[Conflict] = []
    questions: list[Question] = []
    gaps = _strangers(papers, language)

    def kind_title(kind: str) -> str:
        return kinds.kinds[kind].title.within(language) if kind in kinds.kinds else kind

    found: dict[str, list[Candidate]] = {}
    for reading, paper in dated:
        for one in candidates(reading, fields, paper, day):
            found.setdefault(one.name, []).append(one)
    for name, form in fields.fields.items():
        what = Subject(
            name,
            form.title.within(language),
            form.type,
            form.where,
            same_by=form.same_by,
            latest=form.latest,
            leads=form.leads,
        )
        settled = settle(what, found.get(name, ()), fields, kind_title, language)
        facts += [settled.fact] if settled.fact is not None else []
        conflicts += [settled.conflict] if settled.conflict is not None else []
        questions += [settled.question] if settled.question is not None else []
    for name, shape in fields.lists.items():
        holding = [(reading, paper) for reading, paper in dated if reading.file.kind in shape.where]
        collected = collect(name, shape, holding, papers.subject, fields, kind_title, language)
        facts += collected.facts
        conflicts += collected.conflicts
        questions += collected.questions
        gaps += collected.gaps
    facts += quotations([reading for reading, _paper in dated], fields, language)
    gaps += _missing(facts, questions, [reading for reading, _paper in dated], fields, kinds, language)
    return FieldReading(
        subject=papers.subject,
        facts=tuple(facts),
        conflicts=tuple(conflicts),
        gaps=tuple(gaps),
        questions=tuple(questions),
        other_companies=tuple(reading.file.id for reading, _sure in papers.others),
        mostly_other=papers.mostly_other,
    )


def with_answers(
    reading: FieldReading, answers: Mapping[str, str], language: str, own: Path | None = None
) -> FieldReading:
    """Return the facts with an officer's answers, by question id; an answer that cannot be read stays a question."""
    fields = fields_in_force(own)
    facts, questions, settled = list(reading.facts), [], set()
    for question in reading.questions:
        answer = answers.get(question.id, "").strip()
        fact = _answered(question, answer, fields, language) if answer else None
        if fact is None:
            questions.append(question)
            continue
        facts = [one for one in facts if (one.name, one.group) != (fact.name, fact.group)]
        facts.append(fact)
        settled.add(question.about)
    return reading.model_copy(
        update={
            "facts": tuple(facts),
            "questions": tuple(questions),
            "conflicts": tuple(
                one.model_copy(update={"reason": say("officer", language)})
                if one.about in settled and one.used is None
                else one
                for one in reading.conflicts
            ),
        }
    )


def _answered(question: Question, answer: str, fields: Fields, language: str) -> Fact | None:
    group, _dot, name = question.about.removeprefix("field:").rpartition(".")
    types: dict[str, Type] = {key: form.type for key, form in fields.fields.items()}
    for one in fields.lists.values():
        types |= {key: column.type for key, column in one.columns.items()}
    if name not in types:
        return None
    form = fields.fields.get(name)
    value = read_value(types[name], answer)
    if form is not None:
        meant = next((key for key, one in form.means.items() if answer in (one.title.en, one.title.zh)), None)
        value = read_value("text", meant) if meant is not None else value
    if value is None:
        return None
    place = Place(file="officer", name=say("officer", language), quote=answer[:600])
    what = Subject(name, fields.title_of(name, language), types[name], (), group)
    return fact_of(what, value, Candidate(name, value, place, "officer", "officer", ""), fields, language, 1.0)


def _strangers(papers: Papers, language: str) -> list[Gap]:
    return [
        Gap(
            about=f"file:{reading.file.id}",
            title=reading.file.name,
            reason=say(
                "other_company" if sure else "not_told",
                language,
                company=reading.file.company or "",
                subject=papers.subject,
            ),
        )
        for reading, sure in papers.others
    ]


def _missing(
    facts: Sequence[Fact],
    questions: Sequence[Question],
    readings: Sequence[Reading],
    fields: Fields,
    kinds: Kinds,
    language: str,
) -> list[Gap]:
    """Return gaps for expected fields that no paper gives and that are not asked for."""
    if not any(reading.file.kind in fields.company_papers for reading in readings):
        return []
    known = {fact.name for fact in facts if fact.confidence >= SURE} | {
        question.about.removeprefix("field:") for question in questions
    }
    joint = "、" if language.startswith("zh") else ", "
    gaps = []
    for name, form in fields.fields.items():
        if form.expected and name not in known:
            titles = [kinds.kinds[kind].title.within(language) for kind in form.where if kind in kinds.kinds]
            reason = say("not_given", language, kinds=joint.join(titles))
            gaps.append(Gap(about=f"field:{name}", title=form.title.within(language), reason=reason))
    return gaps
