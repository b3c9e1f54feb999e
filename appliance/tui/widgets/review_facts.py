"""Who asked what of whom, why it was held back, and what became of it."""

from textual.content import Content

from appliance.core.messages import Message, _
from appliance.tui import figures
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.reviews_source import Review
from appliance.tui.words import REVIEW_STATES


def review_facts(review: Review, language: str) -> Content:
    """Return a few lines; long ones wrap."""
    mark = REVIEW_STATES[review.status]
    first = Content.assemble(
        (f"{mark.shape} {mark.word.render(language)}", mark.style),
        "  ",
        (one_line(review.id), "bold"),
        (f"  {figures.exact_time(review.created_at)}", MUTED),
    )
    lines = [
        first,
        _pairs([(_("Rules"), ", ".join(review.rules) or figures.UNKNOWN)], language),
        _pairs(
            [(_("Tenant"), review.tenant), (_("Target"), review.target), (_("Asked by"), review.asked_by)], language
        ),
        _pairs([(_("Route"), review.route)], language),
    ]
    if review.decided_at is not None:
        decided = [(_("Decided by"), review.decided_by or figures.UNKNOWN)]
        decided.append((_("Decided at"), figures.exact_time(review.decided_at)))
        lines.append(_pairs(decided, language))
    if review.reason:
        lines.append(_pairs([(_("Reason"), review.reason)], language))
    return Content("\n").join(lines)


def _pairs(pairs: list[tuple[Message, str]], language: str) -> Content:
    parts = [Content.assemble((label.render(language), MUTED), " ", one_line(value)) for label, value in pairs]
    return Content("   ").join(parts)
