"""A whole call as lines to read."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from appliance.core.messages import Message, _
from appliance.scenario.words import Words

from ..models import Alert, Assist, Emotion, Intent, Slot
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
_LEVELS = {"none": _("none"), "low": _("low"), "medium": _("medium"), "high": _("high")}
_SEVERITIES = {"notice": _("notice"), "warning": _("warning"), "serious": _("serious")}
_SLOTS = {
    "amount": _("Amount"),
    "date": _("Date"),
    "card": _("Card"),
    "account": _("Account number"),
    "phone": _("Phone number"),
    "id_number": _("Identity number"),
    "product": _("Product"),
    "branch": _("Branch"),
}
_SURE = 0.5
"""Of two intents of which none is sure, none is told."""
_SURER = 0.7
"""What an intent needs to be told after another one that was heard well: answers on the way resemble many."""
_HEARD_WELL = 0.8
_BACK = 8
"""Customer's turns for which an intent that was heard well counts."""
Titles = Mapping[tuple[str, str], Words]
"""Titles of slots' values, by slot and value; of a slot itself under the value ""."""


def told(assists: Sequence[Assist], alerts: Sequence[Alert], after: AfterCall, language: str, titles: Titles) -> str:
    """Return turns with what was shown at each, alerts that no turn raised, and what was written at the end."""
    raised = {alert.key for assist in assists for alert in assist.alerts}
    intents = _intents(assists)
    lines = [
        line
        for assist, intent in zip(assists, intents, strict=True)
        for line in _turn(assist, intent, titles, language)
    ]
    lines += [_alert(alert) for alert in alerts if alert.key not in raised]
    lines += _after(after)
    return "\n".join(line if isinstance(line, str) else line.render(language) for line in lines)


def _intents(assists: Sequence[Assist]) -> list[Intent | None]:
    """Return the intent that is told at each turn."""
    told: list[Intent | None] = []
    well: deque[str | None] = deque(maxlen=_BACK)
    for assist in assists:
        intent = assist.analysis.intent
        if assist.turn.speaker != "customer":
            told.append(None)
            continue
        if intent is None:
            told.append(None)
            well.append(None)
            continue
        is_other = any(name not in (None, intent.name) for name in well)
        told.append(intent if intent.confidence >= (_SURER if is_other else _SURE) else None)
        well.append(intent.name if intent.confidence >= _HEARD_WELL else None)
    return told


def _slot(slot: Slot, titles: Titles, language: str) -> tuple[Message | str, str]:
    """Return a slot's name and value as a person reads them."""
    own, value = titles.get((slot.name, "")), titles.get((slot.name, slot.value))
    name = _SLOTS.get(slot.name) or (slot.name if own is None else own.within(language))
    return name, slot.value if value is None else value.within(language)


def _turn(assist: Assist, intent: Intent | None, titles: Titles, language: str) -> Iterator[Message | str]:
    turn, analysis = assist.turn, assist.analysis
    yield _("[{time}] {speaker}: {text}", time=_clock(turn.start_s), speaker=_SPEAKERS[turn.speaker], text=turn.text)
    if intent is not None:
        yield _("    Wants: {title} ({share})", title=intent.title, share=f"{intent.confidence:.0%}")
    if _is_telling(analysis.emotion):
        emotion = _EMOTIONS[analysis.emotion.label] if analysis.emotion else ""
        yield _("    Sounds: {emotion}; risk {level}", emotion=emotion, level=_LEVELS[assist.risk.level])
    for name, value in dict.fromkeys(_slot(slot, titles, language) for slot in analysis.slots):
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
        yield _("Interest: {level}", level=_LEVELS[after.outbound.interest.level])
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
