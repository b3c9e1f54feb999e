"""Reads playbooks: the shipped ones, and the bank's own, which add to them, replace, extend or switch off."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from appliance.core.messages import _
from appliance.scenario.words import Words

from ..models import Direction
from ..reading.files import read_yaml, wrong
from .said import Form, IntentName, Name, Said, SlotName, Written

_MOST_STEPS = 30
_NOTHING = Said()


class Papers(Form):
    """Names of documents or forms, in both languages."""

    en: tuple[Written, ...] = Field(default=(), max_length=20)
    zh: tuple[Written, ...] = Field(default=(), max_length=20)

    def within(self, language: str) -> tuple[str, ...]:
        """Return the names in `zh_CN`, `zh` or, for any other language, in English."""
        return self.zh if language.startswith("zh") else self.en


class DoneWhen(Form):
    """What shows that a step is done; any of it is enough."""

    seat_said: Said = Field(default=_NOTHING, description="The seat said one of these phrases.")
    customer_said: Said = Field(default=_NOTHING, description="The customer did.")
    number_asked: Said = Field(
        default=_NOTHING,
        description="The seat asked with one of these, the customer answered with a number, and the seat went on.",
    )
    slots: tuple[SlotName, ...] = Field(default=(), description="All these values were said and are valid.")

    def __bool__(self) -> bool:
        """Tell whether there is a condition."""
        return bool(self.seat_said or self.customer_said or self.number_asked or self.slots)


class StepForm(Form):
    """A step of a playbook."""

    id: Name
    text: Words = Field(description="What the seat does next.")
    done_when: DoneWhen
    once_a_call: bool = Field(
        default=False,
        description="It counts as done wherever in the call that was; else only since the playbook began.",
    )
    needs: tuple[SlotName, ...] = Field(default=(), description="Values to be asked for first where they are missing.")
    documents: Papers = Papers()
    forms: Papers = Papers()


class AddedStep(StepForm):
    """A step that is added to a playbook, or replaces the one with its id."""

    before: Name | None = Field(default=None, description="Step that it stands before.")
    after: Name | None = Field(default=None, description="Step that it stands behind; without either it is the last.")


class When(Form):
    """When a playbook begins: one of the intents or phrases, with all of the slots, in that direction."""

    intents: tuple[IntentName, ...] = ()
    said: Said = Field(default=_NOTHING, description="Phrases of the customer's.")
    slots: tuple[SlotName, ...] = ()
    direction: Direction | None = None


class HandOver(Form):
    """To whom the call goes: behind the last step, or at once where the customer says one of the phrases."""

    text: Words
    customer_said: Said = _NOTHING
    done_when: DoneWhen


class PlayForm(Form):
    """A playbook."""

    name: Name
    title: Words
    when: When
    steps: tuple[StepForm, ...] = Field(min_length=1, max_length=_MOST_STEPS)
    hand_over: HandOver | None = None


class Extension(Form):
    """What is changed of a playbook that is there."""

    extends: Name
    when: When = Field(default=When(), description="Further intents and phrases.")
    steps: tuple[AddedStep, ...] = Field(default=(), max_length=_MOST_STEPS)
    without: tuple[Name, ...] = Field(default=(), description="Ids of steps that are left out.")


class PlayFile(Form):
    """The file playbooks.yaml."""

    playbooks: tuple[PlayForm, ...] = Field(default=(), max_length=200)
    extensions: tuple[Extension, ...] = Field(default=(), max_length=200)
    disabled: tuple[Name, ...] = Field(default=(), description="Playbooks that are switched off.")
    asks: dict[SlotName, Words] = Field(default={}, description="How the seat is told to ask for a value.")


@dataclass(frozen=True)
class Placed:
    """A playbook and the file that it stands in."""

    form: PlayForm
    file: Path


@dataclass(frozen=True)
class Plays:
    """The playbooks in force, and how values are asked for."""

    books: Sequence[Placed]
    asks: dict[str, Words]


def read_plays(shipped: Path, own: Path | None) -> Plays:
    """Read both files. Raises `ConfigError`."""
    books: dict[str, Placed] = {}
    asks: dict[str, Words] = {}
    for path in (shipped, own):
        if path is None or not path.exists():
            continue
        data = read_yaml(path, PlayFile)
        _check_names(path, data)
        books |= {form.name: Placed(_checked(form, path), path) for form in data.playbooks}
        asks |= data.asks
        for extension in data.extensions:
            placed = _named(books, extension.extends, path, "extensions")
            form = _extended(placed.form, extension, path)
            books[form.name] = Placed(_checked(form, path), path)
        for name in data.disabled:
            _named(books, name, path, "disabled")
            del books[name]
    return Plays(tuple(books.values()), asks)


def _named(books: dict[str, Placed], name: str, path: Path, field: str) -> Placed:
    if name not in books:
        names = ", ".join(sorted(books)) or "-"
        raise wrong(path, field, _("there is no playbook {name}; there are {names}", name=name, names=names))
    return books[name]


def _check_names(path: Path, data: PlayFile) -> None:
    for field, names in (("playbooks", [form.name for form in data.playbooks]), ("disabled", list(data.disabled))):
        for name in _twice(names):
            raise wrong(path, f"{field}.{name}", _("the name stands there twice"))


def _checked(form: PlayForm, path: Path) -> PlayForm:
    """Return a playbook that can be followed. Raises `ConfigError`."""
    entry = f"playbooks.{form.name}"
    if not (form.when.intents or form.when.said):
        raise wrong(path, f"{entry}.when", _("give intents or said, or it never begins"))
    for step_id in _twice([step.id for step in form.steps]):
        raise wrong(path, f"{entry}.steps", _("the id {name} stands there twice", name=step_id))
    done = [(f"steps.{step.id}", step.done_when) for step in form.steps]
    if form.hand_over is not None:
        done.append(("hand_over", form.hand_over.done_when))
    for place, condition in done:
        if not condition:
            reason = _("give seat_said, customer_said, number_asked or slots, or it is never seen to be done")
            raise wrong(path, f"{entry}.{place}.done_when", reason)
    return form


def _extended(form: PlayForm, extension: Extension, path: Path) -> PlayForm:
    entry = f"extensions.{extension.extends}"
    steps = list(form.steps)
    for step_id in extension.without:
        del steps[_place(steps, step_id, path, f"{entry}.without")]
    for added in extension.steps:
        _put(steps, added, path, f"{entry}.steps.{added.id}")
    if not 1 <= len(steps) <= _MOST_STEPS:
        raise wrong(path, entry, _("a playbook has 1 to {most} steps", most=_MOST_STEPS))
    when, more = form.when, extension.when
    joined = When(
        intents=(*when.intents, *more.intents),
        said=Said(en=(*when.said.en, *more.said.en), zh=(*when.said.zh, *more.said.zh)),
        slots=(*when.slots, *more.slots),
        direction=more.direction or when.direction,
    )
    return form.model_copy(update={"steps": tuple(steps), "when": joined})


def _put(steps: list[StepForm], added: AddedStep, path: Path, entry: str) -> None:
    """Put a step where it says; without a place one that replaces another stays there."""
    if added.before and added.after:
        raise wrong(path, entry, _("give before or after, not both"))
    step = StepForm(**{name: getattr(added, name) for name in StepForm.model_fields})
    at = next((place for place, one in enumerate(steps) if one.id == added.id), None)
    if at is not None:
        del steps[at]
    if added.before:
        at = _place(steps, added.before, path, f"{entry}.before")
    elif added.after:
        at = _place(steps, added.after, path, f"{entry}.after") + 1
    steps.insert(len(steps) if at is None else at, step)


def _place(steps: Sequence[StepForm], step_id: str, path: Path, entry: str) -> int:
    ids = [step.id for step in steps]
    if step_id not in ids:
        raise wrong(path, entry, _("there is no step {name}; there are {names}", name=step_id, names=", ".join(ids)))
    return ids.index(step_id)


def _twice(names: Sequence[str]) -> list[str]:
    return [name for place, name in enumerate(names) if name in names[:place]]
