"""Forms that a call fills in: each field with the turn that it came from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from appliance.core.messages import Message, _
from appliance.core.validation import Fault
from appliance.scenario.words import Words

from ..models import Part
from .books import read_entries
from .clauses import keepable, kept_texts
from .phrases import Said, any_hit
from .settled import Mention, Settled, is_confirmed, mention_of, settle
from .shapes import FilledField, FilledForm, Heard, OtherValue, When
from .when import when_said

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


class _Strict(Part):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Strict):
    """One of the values that a field may have, with what is said for it."""

    value: str = Field(min_length=1)
    title: Words
    said: Said | None = None
    intents: tuple[str, ...] = Field(default=(), description="Intents that stand for it.")

    @model_validator(mode="after")
    def _has_a_sign(self) -> Self:
        if self.said is None and not self.intents:
            raise Fault(_("a choice needs said or intents"))
        return self


class Check(_Strict):
    """What a value must be."""

    least: float | None = None
    most: float | None = None
    pattern: str | None = None
    day: Literal["past", "future"] | None = Field(default=None, description="A day up to, or from, that of the call.")

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise Fault(_("the pattern is no regular expression: {reason}", reason=str(error))) from error
        return self


class FormField(_Strict):
    """A field and where its value comes from; where there are several sources, all are read."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    title: Words
    slot: str | None = Field(default=None, description="Name of the slot.")
    by: Literal["customer", "both"] = Field(default="both", description="Whose slots count.")
    near: tuple[Said, ...] = Field(default=(), description="Of a slot or a time: what its turn must say too.")
    said: tuple[Said, ...] = Field(default=(), description="Phrases that read the value.")
    time: bool = Field(default=False, description="Whether a time to come is read, such as tomorrow at three.")
    choices: tuple[Choice, ...] = ()
    required: bool = False
    check: Check | None = None

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if not (self.slot or self.said or self.time or self.choices):
            raise Fault(_("a field needs a source: slot, said, time or choices"))
        return self


class Form(_Strict):
    """A form of the bank."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    title: Words
    intents: tuple[str, ...] = Field(default=(), description="Intents of the calls that it is for.")
    said: tuple[Said, ...] = Field(default=(), description="What is said in the calls that it is for.")
    fields: tuple[FormField, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise Fault(_("two fields have the same name"))
        return self

    def fits(self, turns: Sequence[Heard]) -> bool:
        """Tell whether a call is one that the form is for."""
        return any(
            (analysis.intent is not None and analysis.intent.name in self.intents)
            or any_hit(self.said, turn.speaker, turn.text[:4000])
            for turn, analysis in turns
        )


@dataclass(frozen=True)
class FormBook:
    """The forms by name."""

    forms: Mapping[str, Form]

    @classmethod
    def load(cls, shipped: Path, own: Path | None) -> "FormBook":
        """Read the shipped forms and the bank's own. Raises `ConfigError` that names file, entry and what to do."""
        return cls(read_entries(shipped, own, Form, "forms"))

    def fitting(self, turns: Sequence[Heard]) -> tuple[Form, ...]:
        """Return the forms that a call is for, in the order of the files."""
        return tuple(form for form in self.forms.values() if form.fits(turns))


def fill_form(form: Form, turns: Sequence[Heard], language: str, today: date | None = None) -> FilledForm:
    """Return a form as far as the call fills it; values are masked for keeping.

    Of values that contradict each other the last confirmed one holds and the others are listed. `today` is the day of
    the call.
    """
    texts = kept_texts(turns)
    fields = tuple(_filled(field, turns, texts, language, today) for field in form.fields)
    missing = tuple(one.name for one in fields if one.required and (one.value is None or not one.valid))
    return FilledForm(
        form=form.name, title=form.title.within(language), fields=fields, missing=missing, complete=not missing
    )


def _filled(
    field: FormField, turns: Sequence[Heard], texts: Sequence[str], language: str, today: date | None
) -> FilledField:
    empty = FilledField(name=field.name, title=field.title.within(language), required=field.required)
    mentions = sorted(_mentions(field, turns, texts, today), key=lambda one: one.at)
    mentions = [one for one in mentions if not one.asked or is_confirmed(one, mentions, turns)]
    if not mentions:
        return empty
    settled = settle(field.name, mentions, turns)
    valid, note = settled.valid, Message(settled.note) if settled.note else None
    fault = _fault(field.check, settled.value, today) if field.check else None
    return empty.model_copy(
        update={
            "value": keepable(settled.value),
            "text": _shown(field, settled, language),
            "turns": tuple(settled.turns),
            "valid": valid and fault is None,
            "note": _rendered(fault or note, language),
            "confirmed": settled.confirmed,
            "others": tuple(OtherValue(value=keepable(one.value), turns=one.turns) for one in settled.others),
        }
    )


def _mentions(field: FormField, turns: Sequence[Heard], texts: Sequence[str], today: date | None) -> Iterator[Mention]:
    """Yield what the call says for a field."""
    for at, ((turn, analysis), text) in enumerate(zip(turns, texts, strict=True)):
        near = not field.near or any_hit(field.near, turn.speaker, text)
        if field.slot and near and (field.by == "both" or turn.speaker == "customer"):
            yield from (mention_of(turns, at, slot) for slot in analysis.slots if slot.name == field.slot)
        for said in field.said:
            for hit in said.hits(turn.speaker, text):
                yield _mention(turns, at, hit.value, hit.value)
        if field.time and near and (found := when_said(text, today)):
            yield replace(_mention(turns, at, _time(found), found.said), note=_no_day(found))
        for choice in field.choices:
            if (choice.said and choice.said.hits(turn.speaker, text)) or (
                analysis.intent is not None and analysis.intent.name in choice.intents
            ):
                yield _mention(turns, at, choice.value, "")


def _mention(turns: Sequence[Heard], at: int, value: str, text: str) -> Mention:
    turn = turns[at][0]
    asked = turn.speaker == "seat" and turn.text.rstrip("。. ").endswith(("?", "？", "吗", "吧", "呢"))
    return Mention(value, text, turn.id, at, turn.speaker == "customer", asked=asked)


def _time(found: When) -> str:
    if found.date is None:
        return found.said
    return " ".join(part for part in (found.date, found.time or found.part) if part)


def _no_day(found: When) -> str | None:
    return None if found.date else _no_day_template().template


def _no_day_template() -> Message:
    return _("No day was said that can be put on the calendar.")


def _fault(check: Check, value: str, today: date | None) -> Message | None:
    """Return what is wrong with a value, or None."""
    number = _NUMBER.search(value)
    if check.least is not None or check.most is not None:
        if number is None:
            return _("It is no number.")
        amount = float(number.group().replace(",", ""))
        if check.least is not None and amount < check.least:
            return _("It is less than {limit}.", limit=f"{check.least:g}")
        if check.most is not None and amount > check.most:
            return _("It is more than {limit}.", limit=f"{check.most:g}")
    if check.pattern is not None and re.fullmatch(check.pattern, value) is None:
        return _("It does not have the form that the field asks for.")
    if check.day is not None and today is not None:
        return _day_fault(check.day, value, today)
    return None


def _day_fault(side: str, value: str, today: date) -> Message | None:
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return _("It is no day on the calendar.")
    if side == "past" and day > today:
        return _("The day is after that of the call.")
    if side == "future" and day < today:
        return _("The day is before that of the call.")
    return None


def _shown(field: FormField, settled: Settled, language: str) -> str:
    title = next((one.title.within(language) for one in field.choices if one.value == settled.value), None)
    return title or keepable(settled.text or settled.value)


def _rendered(message: Message | None, language: str) -> str | None:
    return message.render("zh_CN" if language.startswith("zh") else "en") if message else None
