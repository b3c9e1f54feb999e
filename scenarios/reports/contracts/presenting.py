"""A check as sections of a report: result, clauses, elements, wording, findings, blanks, what was not checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.scenario.words import Words

from ..composing import SectionDraft, Texts, shortened
from ..models import Cell, Figure, Finding, Gap, Place, Reading, Section
from ..showing import shown
from .book import ClauseBook, Element
from .comparing import Difference
from .counting import standard_place
from .elements import ElementReading
from .issues import Issue
from .judging import Judged
from .text import ContractText

_SEVERITIES: Final = ("serious", "warning", "info")
_LONGEST_QUOTE: Final = 120


@dataclass(frozen=True)
class ContractView:
    """All that the sections are made of."""

    reading: Reading
    text: ContractText
    book: ClauseBook
    say: Texts
    judged: Sequence[Judged]
    issues: Sequence[Issue]
    figures: Sequence[Figure]
    gaps: Sequence[Gap]

    @property
    def whole(self) -> Place:
        """The file itself, by its first line."""
        if self.text.lines:
            return self.text.lines[0].place()
        return Place(file=self.reading.file.id, name=self.reading.file.name)

    def standard(self, quote: str) -> Place:
        """Return a place in the standard."""
        return standard_place(self.book, self.say.language, quote)

    def sources(self, issue: Issue) -> tuple[Place, ...]:
        """Return the places of an issue; those of what is not there are in the standard."""
        if issue.places:
            return issue.places
        values = self.values(issue.values)
        return (self.standard(str(values.get("clause") or values.get("party") or issue.rule)),)

    def values(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return what fills a text, in the report's language."""
        return {name: self._value(value) for name, value in values.items()}

    def _value(self, value: object) -> object:
        if isinstance(value, Words):
            return value.within(self.say.language)
        if isinstance(value, tuple):
            joint = "、" if self.say.language.startswith("zh") else ", "
            return joint.join(printed for printed, _place in value)
        return value

    def finding(self, issue: Issue) -> Finding:
        """Return an issue in words."""
        return Finding(
            rule=issue.rule,
            severity=issue.severity,
            title=self.say(f"{issue.rule}.title"),
            text=self.say(f"{issue.rule}.text", **self.values(issue.values)),
            figures=tuple(figure.id for figure in issue.figures),
            places=self.sources(issue),
        )

    def draft(self, name: str) -> SectionDraft:
        """Return an empty section."""
        return SectionDraft(f"{self.reading.file.id}.{name}", self.say(f"section.{name}"))


def sections(view: ContractView) -> tuple[Section, ...]:
    """Return the sections that have something to say; `result` is always there."""
    drafts = [_result(view)]
    if view.judged:
        drafts += [_clauses(view), _elements(view), _wording(view), _findings(view), _blanks(view)]
    drafts.append(_unread(view))
    return tuple(draft.finish() for draft in drafts if not draft.empty)


def _result(view: ContractView) -> SectionDraft:
    say, draft = view.say, view.draft("result")
    language = say.language
    title = view.book.title.within(language)
    version = view.standard(f"{title} {view.book.version}")
    if not view.judged:
        for gap in view.gaps:
            draft.say(gap.reason, "gap", places=(view.whole,), style="warning")
        return draft
    intro = say("intro", name=view.reading.file.name, standard=title, version=view.book.version)
    by_name = {figure.name.removeprefix("clauses_"): figure for figure in view.figures}
    first = [by_name[name] for name in ("required", "found", "missing", "deviating")]
    second = [by_name[name] for name in ("serious", "warning")]
    draft.paragraph(
        [
            (intro, "fact", (), (view.whole, version)),
            (say("counts", **{one.name.removeprefix("clauses_"): one.shown for one in first}), "figure", first, ()),
            (
                say("counts.issues", **{one.name.removeprefix("clauses_"): one.shown for one in second}),
                "figure",
                second,
                (view.whole,),
            ),
        ]
    )
    missing = [one.found.rule.title.within(language) for one in view.judged if one.state == "missing"]
    if missing:
        joint = "、" if language.startswith("zh") else ", "
        listed = say("missing.list", names=joint.join(missing))
        draft.say(listed, "finding", places=[view.standard(name) for name in missing], style="warning")
    elif any(one.severity == "serious" for one in view.issues):
        draft.say(say("none.missing"), "finding", figures=(by_name["missing"],), places=(view.whole,))
    else:
        draft.say(say("clean"), "finding", figures=(by_name["serious"],), places=(view.whole,))
    draft.say(say("opinion"), "opinion", places=(view.whole,), style="opinion")
    return draft


def _clauses(view: ContractView) -> SectionDraft:
    say, draft = view.say, view.draft("clauses")
    rows = []
    for one in view.judged:
        rule = one.found.rule
        title = rule.title.within(say.language)
        unseen = one.state == "missing" and view.reading.file.scanned
        state = say("state.unseen" if unseen else f"state.{one.state}")
        line = one.found.lines[0] if one.found.lines else None
        printed = one.found.clause.printed if one.found.clause is not None else ""
        quote = shortened("\n".join(line.text for line in one.found.lines).replace("\n", " "), _LONGEST_QUOTE)
        place = None if line is None else line.place("\n".join(part.text for part in one.found.lines))
        head = place if one.found.clause is None else one.found.clause.lines[0].place()
        rows.append(
            [
                Cell(text=title, place=view.standard(title)),
                Cell(text=say("required.yes" if rule.required else "required.no")),
                Cell(text=state, place=place, strong=one.state not in ("present", "absent")),
                Cell(text=_where(printed, head, say), place=head),
                Cell(text=quote or "—", place=place),
            ]
        )
    columns = [("clause", 0.2), ("required", 0.08), ("result", 0.14), ("where", 0.12), ("quote", 0.46)]
    _table(view, draft, "clauses", columns, rows)
    return draft


def _where(printed: str, place: Place | None, say: Texts) -> str:
    """Return the number of a clause, and the page or line that it stands on."""
    if place is None:
        return "—"
    at = say("where.page", page=place.page) if place.page else say("where.line", line=place.line) if place.line else ""
    return " ".join(filter(None, (printed, at or place.cell)))


def _table(
    view: ContractView,
    draft: SectionDraft,
    name: str,
    columns: Sequence[tuple[str, float]],
    rows: Sequence[Sequence[Cell]],
) -> None:
    if rows:
        titled = [(view.say(f"column.{column}"), False, width) for column, width in columns]
        draft.table(name, view.say(f"caption.{name}"), titled, rows)


def _elements(view: ContractView) -> SectionDraft:
    say, draft = view.say, view.draft("elements")
    rows = []
    for one in view.judged:
        for reading in one.elements:
            allowed = _allowed(reading.element, say)
            title = reading.element.title.within(say.language)
            written = shortened(reading.printed, _LONGEST_QUOTE) if reading.state in ("found", "unread") else ""
            result = _element_state(reading)
            rows.append(
                [
                    Cell(text=title, place=view.standard(title)),
                    Cell(text=one.found.rule.title.within(say.language)),
                    Cell(text=written or "—", place=reading.place),
                    Cell(text=allowed, place=view.standard(f"{title}: {allowed}")),
                    Cell(text=say(f"element.{result}"), strong=result not in ("found", "optional")),
                ]
            )
    columns = [("element", 0.2), ("clause", 0.2), ("written", 0.24), ("allowed", 0.2), ("result", 0.16)]
    _table(view, draft, "elements", columns, rows)
    return draft


def _element_state(reading: ElementReading) -> str:
    if reading.state == "missing":
        return "missing" if reading.element.required else "optional"
    if reading.state != "found":
        return "worded" if reading.state == "unread" and not reading.allowed else reading.state
    if not reading.allowed:
        return "out"
    return "differs" if reading.others else "found"


def _allowed(element: Element, say: Texts) -> str:
    if element.allowed:
        return say("allowed.words")
    least, most = (None if one is None else _bound(one, element, say) for one in (element.least, element.most))
    if least is not None and most is not None:
        return say("allowed.between", least=least, most=most)
    if least is not None:
        return say("allowed.least", least=least)
    return say("allowed.most", most=most) if most is not None else say("allowed.any")


def _bound(value: float, element: Element, say: Texts) -> str:
    if element.type == "term":
        return say("months", count=f"{value:g}")
    return shown(value, "share" if element.type == "rate" else "CNY", say.language)


def _wording(view: ContractView) -> SectionDraft:
    say, draft = view.say, view.draft("wording")
    rows = [
        [
            Cell(text=one.found.rule.title.within(say.language)),
            Cell(text=shortened(difference.standard_marked) or "—", place=_standard_side(view, difference)),
            Cell(text=shortened(difference.contract_marked) or "—", place=_contract_side(difference)),
        ]
        for one in view.judged
        for difference in one.differences
    ]
    _table(view, draft, "wording", [("clause", 0.16), ("standard", 0.42), ("contract", 0.42)], rows)
    return draft


def _standard_side(view: ContractView, difference: Difference) -> Place | None:
    return view.standard(difference.standard) if difference.standard else None


def _contract_side(difference: Difference) -> Place | None:
    return None if difference.line is None else difference.line.place(difference.contract)


def _findings(view: ContractView) -> SectionDraft:
    say, draft = view.say, view.draft("findings")
    colon = "：" if say.language.startswith("zh") else ": "
    for severity in _SEVERITIES:
        for issue in view.issues:
            if issue.severity != severity or issue.rule in ("blank", "to_sign"):
                continue
            finding = view.finding(issue)
            draft.say(
                f"[{say(f'severity.{severity}')}] {finding.title}{colon}{finding.text}",
                "finding",
                figures=issue.figures,
                places=finding.places,
                style="warning" if severity == "serious" else "item",
            )
    return draft


def _blanks(view: ContractView) -> SectionDraft:
    say, draft = view.say, view.draft("blanks")
    rows = [
        [
            Cell(text=say(f"blank.{issue.rule}"), strong=issue.rule == "blank"),
            Cell(text=shortened(str(issue.values["quote"]), _LONGEST_QUOTE), place=issue.places[0]),
        ]
        for issue in view.issues
        if issue.rule in ("blank", "to_sign")
    ]
    _table(view, draft, "blanks", [("kind", 0.24), ("quote", 0.76)], rows)
    return draft


def _unread(view: ContractView) -> SectionDraft:
    draft = view.draft("unread")
    if view.judged:
        for gap in view.gaps:
            draft.say(gap.reason, "gap", places=(view.whole,), style="item")
    return draft
