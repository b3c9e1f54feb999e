"""The questionnaire: answers into a level by points, with knock-out answers and contradictions."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_as

from ..models import ClientLevel, Part
from .client_rules import CLIENT_LEVELS
from .forms import Name, Section
from .speaking import Speaker

QUESTIONS: Final = Path(__file__).with_name("questionnaire.yaml")
QUESTIONS_OWN: Final = "questionnaire.yaml"
"""Name of the bank's own file, which takes the place of the shipped one."""


class Option(Section):
    """One answer to choose. With `knock_out` the level is C1, whatever the points."""

    name: Name
    text: Words
    points: Annotated[int, Field(ge=0, le=1000)]
    knock_out: bool = False


class Question(Section):
    """One question, to which exactly one option is chosen."""

    name: Name
    text: Words
    options: tuple[Option, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [option.name for option in self.options]
        if len(set(names)) < len(names):
            raise ValueError(_("an option stands there twice"))
        return self

    def option(self, name: str) -> Option | None:
        """Return the option of a name; None: there is none."""
        return next((option for option in self.options if option.name == name), None)


class Contradiction(Section):
    """Answers that cannot be true together: to each question named, one of those options was chosen."""

    name: Name
    answers: dict[Name, tuple[Name, ...]] = Field(min_length=2)
    says: Words


class Assessment(Part):
    """The level that answers give. It may be recorded only while `contradictions` is empty."""

    level: ClientLevel
    points: int
    most_points: int
    knocked_out_by: tuple[str, ...] = Field(description="Questions whose answer makes the level C1.")
    contradictions: tuple[str, ...] = Field(description="What the answers contradict each other in.")
    assessed_on: date
    valid_until: date | None = Field(description="Null: no rule limits it.")
    version: str = Field(description="SHA-256 of the questionnaire.")

    @property
    def recordable(self) -> bool:
        """Whether the answers agree with each other."""
        return not self.contradictions


class Questionnaire(Section):
    """`questionnaire.yaml`: questions, the least points of each level, and contradictions."""

    version: str = Field(default="", max_length=100)
    title: Words
    questions: tuple[Question, ...] = Field(min_length=5, max_length=100)
    levels: dict[ClientLevel, Annotated[int, Field(ge=0)]]
    contradictions: tuple[Contradiction, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [question.name for question in self.questions]
        if len(set(names)) < len(names):
            raise ValueError(_("a question stands there twice"))
        least = [self.levels[level] for level in CLIENT_LEVELS if level in self.levels]
        if len(least) < len(CLIENT_LEVELS) or least[0] != 0 or sorted(set(least)) != least:
            raise ValueError(_("levels are to name C1 to C5, from 0 and rising"))
        if least[-1] > self.most_points:
            raise ValueError(_("C5 takes more points than all answers give"))
        for one in self.contradictions:
            for name, options in one.answers.items():
                question = self.question(name)
                if question is None or any(question.option(option) is None for option in options):
                    raise ValueError(_("the contradiction {name} names an unknown question or option", name=one.name))
        return self

    @classmethod
    def load(cls, shipped: Path = QUESTIONS, own: Path | None = None) -> "Questionnaire":
        """Read the bank's own file, or else the shipped one. Raises `ConfigError`."""
        return read_as(own if own is not None and own.exists() else shipped, cls)

    @property
    def most_points(self) -> int:
        """The points of the best answers."""
        return sum(max(option.points for option in question.options) for question in self.questions)

    @property
    def digest(self) -> str:
        """SHA-256 of the questions and points."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def question(self, name: str) -> Question | None:
        """Return the question of a name; None: there is none."""
        return next((question for question in self.questions if question.name == name), None)

    def score(
        self, answers: Mapping[str, str], *, today: date, valid_days: int | None, language: str = "en"
    ) -> Assessment:
        """Return the level of answers, question to option. `valid_days` is what the rules say (`RuleBook.valid_days`).

        Raises `InvalidRequest` that names the question which is unknown, not answered, or answered with no option.
        """
        chosen = self._chosen(answers, language)
        points = sum(option.points for option in chosen.values())
        knocked = tuple(name for name, option in chosen.items() if option.knock_out)
        level: ClientLevel = max(level for level in CLIENT_LEVELS if points >= self.levels[level])
        speaker = Speaker(language)
        against = tuple(
            speaker.say("contradiction", what=speaker.words(one.says))
            for one in self.contradictions
            if all(chosen[name].name in options for name, options in one.answers.items())
        )
        return Assessment(
            level="C1" if knocked else level, points=points, most_points=self.most_points, knocked_out_by=knocked,
            contradictions=against, assessed_on=today, version=self.digest,
            valid_until=None if valid_days is None else today + timedelta(days=valid_days),
        )  # fmt: skip

    def _chosen(self, answers: Mapping[str, str], language: str) -> dict[str, Option]:
        for name in answers:
            if self.question(name) is None:
                raise InvalidRequest(
                    _("There is no question {name}.", name=repr(str(name)[:40])),
                    _("The questions are {names}.", names=", ".join(one.name for one in self.questions)),
                    param=f"answers.{str(name)[:40]}", code="question_unknown",
                )  # fmt: skip
        chosen: dict[str, Option] = {}
        for question in self.questions:
            given = answers.get(question.name)
            option = question.option(given) if isinstance(given, str) else None
            if option is None:
                code = "answer_missing" if given is None else "answer_unknown"
                raise InvalidRequest(
                    _("The question {name} ({text}) needs one of its answers: {options}.", name=question.name,
                      text=question.text.within(language), options=", ".join(one.name for one in question.options)),
                    _("Ask the client and answer every question; nothing is assumed."),
                    param=f"answers.{question.name}", code=code,
                )  # fmt: skip
            chosen[question.name] = option
        return chosen
