"""How many clauses and findings there are: the figures of a check."""

from collections.abc import Iterable, Sequence

from ..composing import Texts, shortened
from ..models import Figure, Input, Place
from .book import ClauseBook, ClauseRule
from .issues import Issue
from .judging import Judged


def standard_place(book: ClauseBook, language: str, quote: str) -> Place:
    """Return where something stands in the standard."""
    name = f"{book.title.within(language)} {book.version}"
    return Place(file="standard", name=name, quote=shortened(quote))


def counts(
    judged: Sequence[Judged], issues: Sequence[Issue], book: ClauseBook, say: Texts, key: str
) -> tuple[Figure, ...]:
    """Return the counts as figures, in the order required, found, missing, deviating, serious, warning."""
    language = say.language
    required = [one for one in judged if one.found.rule.required]

    def figure(name: str, value: int, formula: str, inputs: Iterable[Input]) -> Figure:
        return Figure(
            id=f"clauses_{name}.{key}",
            name=f"clauses_{name}",
            title=say(f"figure.{name}"),
            period=key.partition("@")[2],
            value=float(value),
            unit="count",
            shown=str(value),
            formula=formula,
            inputs=tuple(inputs),
        )

    def of_standard(rule: ClauseRule) -> Input:
        title = rule.title.within(language)
        return Input(symbol=rule.id, value=1.0, shown=title, place=standard_place(book, language, title))

    def of_contract(one: Judged) -> Input:
        lines = one.found.lines
        place = lines[0].place() if lines else None
        return Input(symbol=one.found.rule.id, value=1.0, shown=one.found.rule.title.within(language), place=place)

    found = [one for one in required if one.state not in ("missing", "absent")]
    deviating = [one for one in judged if one.state == "deviating"]
    base = figure(
        "required", len(required), "count(required clauses)", (of_standard(one.found.rule) for one in required)
    )
    there = figure("found", len(found), "count(required clauses in the contract)", map(of_contract, found))
    both = [
        Input(symbol="required", value=base.value or 0.0, shown=base.shown, figure=base.id),
        Input(symbol="found", value=there.value or 0.0, shown=there.shown, figure=there.id),
    ]
    made = [
        base,
        there,
        figure("missing", len(required) - len(found), "required - found", both),
        figure("deviating", len(deviating), "count(deviating clauses)", map(of_contract, deviating)),
    ]
    for severity in ("serious", "warning"):
        of_kind = [one for one in issues if one.severity == severity]
        inputs = [_of_issue(number, one, say) for number, one in enumerate(of_kind, start=1)]
        made.append(figure(severity, len(of_kind), f"count({severity} findings)", inputs))
    return tuple(made)


def _of_issue(number: int, issue: Issue, say: Texts) -> Input:
    place = issue.places[0] if issue.places else None
    return Input(symbol=f"finding_{number}", value=1.0, shown=say(f"{issue.rule}.title"), place=place)
