"""A plan in words: is it enough, if not why and what would do, and what goes where."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from appliance.core.messages import Message, _
from appliance.tui import figures
from appliance.tui.drawing import FAINT, MUTED, fit, one_line

if TYPE_CHECKING:
    from appliance.catalogue.plan import Plan
    from appliance.catalogue.verdict import Verdict

_LEAST_NAME = 12


def plan_text(plan: "Plan", width: int, language: str) -> Content:
    """Return the verdicts, the places, and the notes, for `width` cells."""
    from appliance.catalogue.verdict import asked, verdicts

    lines = [Content.styled(asked(plan).render(language), MUTED)]
    for verdict in verdicts(plan):
        lines += _verdict(verdict, language)
    if plan.placements:
        lines += [Content(""), *_places(plan, width, language)]
    notes = [*(note for placed in plan.placements for note in placed.notes), *plan.notes]
    lines += [Content(""), *(Content.styled(f"· {one_line(note.render(language))}", MUTED) for note in notes)]
    return Content("\n").join(lines)


def _verdict(verdict: "Verdict", language: str) -> Iterator[Content]:
    mark = ("✓ ", "$text-success") if verdict.good else ("✖ ", "$text-error")
    yield Content.assemble(mark, (one_line(verdict.line.render(language)), "bold"))
    if verdict.reason is None:
        return
    yield _said(_("Because:"), verdict.reason, language)
    for number, change in enumerate(verdict.changes):
        yield _said(_("What would do:") if number == 0 else _("Or:"), change.text, language)
    if not verdict.changes:
        yield Content(f"  {_('No single change was found that is enough.').render(language)}")


def _said(lead: Message, text: Message, language: str) -> Content:
    return Content.assemble((f"  {lead.render(language)} ", MUTED), one_line(text.render(language)))


def _places(plan: "Plan", width: int, language: str) -> Iterator[Content]:
    from appliance.catalogue.plan import where_text

    replicas, users = 10, 8
    name = max(_LEAST_NAME, min(20, width // 4))
    where = max(0, width - name - replicas - users - 6)
    sizes = (name, replicas, users, where)
    titles = (_("Alias"), _("Replicas"), _("Users"), _("Where (node:card)"))
    yield _row([title.render(language) for title in titles], sizes, FAINT)
    for placed in plan.placements:
        carried = figures.UNKNOWN if placed.users is None else str(placed.users)
        cells = (one_line(placed.alias), str(len(placed.replicas)), carried, one_line(where_text(placed.replicas)))
        yield _row(cells, sizes, "")


def _row(cells: "list[str] | tuple[str, ...]", sizes: tuple[int, ...], style: str) -> Content:
    aligned = [
        fit(cell, size, "right" if at in (1, 2) else "left")
        for at, (cell, size) in enumerate(zip(cells, sizes, strict=True))
    ]
    return Content.styled("  ".join(aligned), style) if style else Content("  ".join(aligned))
