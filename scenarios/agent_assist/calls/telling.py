"""A whole call as lines to read."""

from collections.abc import Iterator, Sequence

from appliance.core.messages import Message, _

from ..models import Alert, Assist, Emotion
from .shapes import AfterCall

_SPEAKERS = {"customer": _("Customer"), "seat": _("Seat")}
_EMOTIONS: dict[str, Message] = {
    "calm": _("calm"),
    "satisfied": _("satisfied"),
    "anxious": _("anxious"),
    "confused": _("confused"),
    "disappointed": _("disappointed"),
    "angry": _("angry"),
}
_LEVELS = {"low": _("low"), "medium": _("medium"), "high": _("high")}
_SEVERITIES = {"notice": _("notice"), "warning": _("warning"), "serious": _("serious")}
_SURE = 0.5
"""Of two intents of which none is sure, none is told."""


def told(assists: Sequence[Assist], alerts: Sequence[Alert], after: AfterCall, language: str) -> str:
    """Return turns with what was shown at each, alerts that no turn raised, and what was written at the end."""
    raised = {alert.key for assist in assists for alert in assist.alerts}
    lines = [line for assist in assists for line in _turn(assist)]
    lines += [_alert(alert) for alert in alerts if alert.key not in raised]
    lines += _after(after)
    return "\n".join(line if isinstance(line, str) else line.render(language) for line in lines)


def _turn(assist: Assist) -> Iterator[Message | str]:
    turn, analysis = assist.turn, assist.analysis
    yield _("[{time}] {speaker}: {text}", time=_clock(turn.start_s), speaker=_SPEAKERS[turn.speaker], text=turn.text)
    if analysis.intent is not None and analysis.intent.confidence >= _SURE:
        yield _("    Wants: {title} ({share})", title=analysis.intent.title, share=f"{analysis.intent.confidence:.0%}")
    if _is_telling(analysis.emotion):
        emotion = _EMOTIONS[analysis.emotion.label] if analysis.emotion else ""
        yield _("    Sounds: {emotion}; risk {level}", emotion=emotion, level=_LEVELS[assist.risk.level])
    for name, value in dict.fromkeys((slot.name, slot.value) for slot in analysis.slots):
        yield _("    {name}: {value}", name=name, value=value)
    if assist.card is not None:
        yield _("    Card: {text} ({source})", text=" ".join(assist.card.text.split()), source=_source(assist))
    for step in assist.steps[:1]:
        yield _("    Next: {text}", text=step.text)
    for reply in assist.replies[:1]:
        yield _("    Say: {text}", text=reply.text)
    for alert in assist.alerts:
        yield _alert(alert)


def _is_telling(emotion: Emotion | None) -> bool:
    return emotion is not None and emotion.label != "calm"


def _source(assist: Assist) -> str | Message:
    card = assist.card
    if card is None:
        return ""
    if card.page is not None:
        return _("{document}, page {page}", document=card.document, page=card.page)
    return f"{card.document}, {card.section}" if card.section else card.document


def _alert(alert: Alert) -> Message:
    if alert.key.split(":")[1:2] == ["due"]:  # nothing was done wrong yet; its text is what to say
        return _("    ! Say now: {text}", text=alert.text)
    return _("    ! {severity}: {text}", severity=_SEVERITIES[alert.severity], text=alert.text)


def _after(after: AfterCall) -> Iterator[Message | str]:
    yield ""
    for section in after.summary.sections:
        if section.lines:
            yield f"{section.title}:"
        for line in section.lines:
            yield f"  - {line.text} [{', '.join(line.turns)}]"
    if after.outbound is not None:
        yield _("Interest: {level}", level=after.outbound.interest.level)
    for form in after.forms:
        filled = [field for field in form.fields if field.value is not None]
        if filled:
            yield _("Form {title}: {fields}", title=form.title,
                    fields="; ".join(f"{field.title}: {field.text or field.value}" for field in filled))  # fmt: skip
    if after.tags:
        yield _("Tags: {tags}", tags=", ".join(tag.title for tag in after.tags))
    if after.sheet is not None:
        yield _("Score: {score} of 100", score=f"{after.sheet.score:g}")
        for item in after.sheet.items:
            if item.state == "broken":
                yield f"  - {item.title}"


def _clock(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 60:02d}:{whole % 60:02d}"
