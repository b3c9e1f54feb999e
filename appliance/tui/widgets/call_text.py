"""A call as text: its facts, its turns with what the seat was shown, its alerts, and what was written afterwards."""

from collections.abc import Iterator

from textual.content import Content

from appliance.core.messages import Message, _
from appliance.tui import call_words, figures
from appliance.tui.calls_source import Alert, Assist, Call, WholeCall
from appliance.tui.drawing import MUTED, one_line, visible

_GAP = "   "
_INDENT = " " * 8


def call_facts(call: Call, intent: str | None, language: str) -> Content:
    """Return two or three lines."""
    level = call_words.LEVELS[call.risk.level]
    first = Content.assemble(
        (f"{level.shape} {level.word.render(language)}", level.style),
        "  ",
        (one_line(call.id), "bold"),
        (f"  {figures.exact_time(call.started_at)}", MUTED),
    )
    second = [
        (_("State"), call_words.STATES[call.state].render(language)),
        (_("Direction"), call_words.DIRECTIONS[call.direction].render(language)),
        (_("Duration"), call_words.clock(call.duration_s)),
        (_("Mood"), f"{call.mood.score:+.2f} {call_words.TRENDS[call.mood.trend]}"),
        (_("Score"), figures.UNKNOWN if call.score is None else f"{call.score:g}"),
    ]
    third = [
        (_("Seat"), call.seat),
        (_("Product"), call.product or figures.UNKNOWN),
        (_("Intent"), intent or call.intent or figures.UNKNOWN),
    ]
    lines = [first, _pairs(second, language), _pairs(third, language)]
    if call.risk.reasons:
        lines.append(_pairs([(_("Reasons"), "; ".join(call.risk.reasons))], language))
    return Content("\n").join(lines)


def call_turns(turns: tuple[Assist, ...], language: str) -> Content:
    """Return the turns in their order."""
    return Content("\n").join([line for assist in turns for line in _turn(assist, language)])


def call_alerts(alerts: tuple[Alert, ...], language: str) -> Content:
    """Return the alerts, the latest first."""
    if not alerts:
        return Content.styled(_("None so far.").render(language), MUTED)
    return Content("\n").join([_alert(alert, f"{call_words.clock(alert.at_s)} ") for alert in reversed(alerts)])


def call_summary(whole: WholeCall, language: str) -> Content:
    """Return what was written after a call."""
    if whole.after is None:
        return Content.styled(_("It is written when the call has ended.").render(language), MUTED)
    lines: list[Content] = []
    for section in whole.after.summary.sections:
        if section.lines:
            lines.append(Content.styled(one_line(section.title), "bold"))
            lines += [Content(f"- {visible(line.text)}") for line in section.lines]
    return Content("\n").join(lines)


def _turn(assist: Assist, language: str) -> Iterator[Content]:
    turn = assist.turn
    style = "$primary bold" if turn.speaker == "customer" else "bold"
    yield Content.assemble(
        (f"{call_words.clock(turn.start_s):>6}  ", MUTED),
        (f"{call_words.SPEAKERS[turn.speaker].render(language)}: ", style),
        one_line(turn.text),
    )
    if turn.speaker == "customer":
        read = _read(assist, language)
        if read is not None:
            yield read
    if assist.card is not None:
        card = assist.card
        place = card.document
        if card.page is not None:
            place = _("{document}, page {page}", document=place, page=card.page).render(language)
        elif card.section:
            place = f"{place}, {card.section}"
        yield _labelled(_("card"), f"“{one_line(card.text)}” — {one_line(place)}", "$text-success", language)
    for step in assist.steps:
        yield _labelled(_("next"), one_line(step.text), "", language)
    for reply in assist.replies:
        yield _labelled(_("say"), one_line(reply.text), "", language)
    for alert in assist.alerts:
        yield _alert(alert, _INDENT)


def _read(assist: Assist, language: str) -> Content | None:
    """Return what was read out of a customer's turn, on one line."""
    analysis, parts = assist.analysis, []
    if analysis.intent is not None:
        parts.append(f"{analysis.intent.title} ({analysis.intent.confidence:.2f})")
    parts += [f"{slot.name}: {slot.text}" for slot in analysis.slots]
    if analysis.emotion is not None:
        label = call_words.EMOTIONS.get(analysis.emotion.label)
        word = analysis.emotion.label if label is None else label.render(language)
        parts.append(f"{word} {call_words.TRENDS[assist.mood.trend]}")
    line = Content.styled(_INDENT + one_line(" · ".join(parts)), MUTED)
    if assist.risk.level != "low":
        level = call_words.LEVELS[assist.risk.level]
        risk = _("risk: {level}", level=level.word).render(language)
        line = Content.assemble(line, (" · " if parts else "", MUTED), (f"{level.shape} {risk}", level.style))
    return line if parts or assist.risk.level != "low" else None


def _alert(alert: Alert, before: str) -> Content:
    mark = call_words.SEVERITIES[alert.severity]
    return Content.assemble((before, MUTED), (f"{mark.shape} {one_line(alert.text)}", mark.style))


def _labelled(label: Message, text: str, style: str, language: str) -> Content:
    return Content.assemble(_INDENT, (f"{label.render(language)}: ", "bold"), (text, style))


def _pairs(pairs: list[tuple[Message, str]], language: str) -> Content:
    parts = [Content.assemble((label.render(language), MUTED), " ", one_line(value)) for label, value in pairs]
    return Content(_GAP).join(parts)
