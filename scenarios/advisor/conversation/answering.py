"""Answers: built from results alone, the answer first, then the figures, then what has to be disclosed."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.errors import ApplianceError
from appliance.scenario.checks import CheckFacts
from appliance.scenario.numbers import numbers

from ..data.dataset import Dataset
from ..models import Chart, Figure
from ..suitability import Decision, Refusals, Row, refused
from .promises import no_promise
from .results import Result
from .running import facts_of
from .speaking import Speaker
from .tools import TOOLS, ToolName, tool_box
from .understanding import Understanding

NUMBERS = numbers(company=False)
PROMISES = no_promise()
REFUSED = refused()
CHECKS = (NUMBERS, PROMISES, REFUSED)
"""Checks of the action that answers; `give_facts` gives them theirs."""
UNCHECKED = frozenset({
    "arguments", "figures", "table", "charts", "citations", "state", "language", "tool", "kind", "made_by",
})  # fmt: skip
"""Fields of a reply that the checks leave out: they are computed, quoted or ids, not written."""
_MOST_SHOWN = 10
_MOST_CHOICES = 8
ReplyKind = Literal["answer", "refusal", "question", "help", "error"]


class Reply(BaseModel):
    """What the assistant says to one turn."""

    model_config = ConfigDict(frozen=True)

    kind: ReplyKind = Field(description="refusal: the rules refuse a purchase; question: something is missing.")
    text: str = Field(description="The whole answer: sentences, figures, disclosure.")
    language: str
    tool: ToolName
    arguments: dict[str, Any] = Field(default_factory=dict)
    asks: str | None = Field(default=None, description="The argument that is asked for.")
    choices: tuple[str, ...] = Field(default=(), description="Ids that it may be.")
    figures: tuple[Figure, ...] = ()
    table: tuple[Row, ...] = Field(default=(), description="The decision table of a suitability check.")
    allowed: Literal["yes", "confirm", "no"] | None = None
    charts: tuple[Chart, ...] = ()
    disclosures: tuple[str, ...] = ()
    citations: tuple[dict[str, Any], ...] = ()
    suggestions: tuple[str, ...] = ()
    made_by: Literal["code", "model"] = Field(default="code", description="Whose words the first sentences are.")
    chosen_by: Literal["rules", "model"] = "rules"
    facts: tuple[str, ...] = Field(default=(), exclude=True, description="Texts whose numbers may be said.")
    refusals: tuple[Decision, ...] = Field(default=(), exclude=True, description="Refusals that stand.")

    @property
    def generated(self) -> bool:
        """Tell whether it holds a model's words."""
        return self.made_by == "model"


def answer(result: Result, language: str, *, understood: Understanding | None = None) -> Reply:
    """Return the reply to a result, its text built from the result's sentences and figures alone.

    A sentence with a number that stands in no figure is left out: the check would hold back the whole answer.
    """
    decision, facts = result.decision, facts_of(result)
    result = _borne_out(result, facts)
    speaker = Speaker(language)
    return Reply(
        kind="refusal" if decision is not None and decision.allowed == "no" else "answer",
        text=whole_text(result.lead, result, speaker), language=language, tool=result.tool,
        arguments=understood.arguments if understood else {}, figures=_listed(result),
        table=decision.rows if decision else (), allowed=decision.allowed if decision else None, charts=result.charts,
        disclosures=result.disclosures, citations=result.citations, suggestions=result.suggestions,
        chosen_by="model" if understood and understood.by_model else "rules", facts=facts,
        refusals=(decision,) if decision is not None and decision.allowed == "no" else (),
    )  # fmt: skip


def whole_text(lead: Sequence[str], result: Result, speaker: Speaker) -> str:
    """Return sentences, then the table of figures, then notes and disclosures."""
    parts = ["\n".join(lead)]
    rows = [one for one in result.shown if one.value is not None][:_MOST_SHOWN]
    if rows:
        lines = [speaker.say("line", title=one.title, shown=one.shown) for one in rows]
        parts.append("\n".join([speaker.say("heading_figures"), *lines]))
    if result.notes:
        parts.append("\n".join(result.notes))
    if result.disclosures:
        parts.append("\n".join([speaker.say("heading_disclosures"), *result.disclosures]))
    return "\n\n".join(parts)


def question(understood: Understanding, dataset: Dataset, language: str) -> Reply:
    """Return the one question for what is missing first, with the choices where a name means several."""
    speaker = Speaker(language)
    asks = understood.missing[0]
    lines, facts = [], [*_known(understood)]
    if understood.unknown is not None:
        kind = "client" if asks == "client" else "security" if asks == "security" else "product"
        lines.append(speaker.say(f"unknown_{kind}", id=understood.unknown))
        facts.append(understood.unknown)
    choices = understood.choices[:_MOST_CHOICES]
    if choices:
        lines.append(speaker.say("several"))
        rows = [speaker.say("choice", id=key, name=_name(dataset, key, language)) for key in choices]
        lines += [speaker.say("item", text=row) for row in rows]
        facts += rows
        if len(understood.choices) > len(choices):
            lines.append(speaker.say("item", text=speaker.say("more_choices")))
    elif asks == "amount":
        product = dataset.products.get(str(understood.arguments.get("product")))
        name = "ask_amount" if product else "ask_amount_open"
        lines.append(speaker.say(name, **({"currency": product.currency} if product else {})))
    else:
        lines.append(speaker.say(f"ask_{asks}"))
    return Reply(
        kind="question", text="\n".join(lines), language=language, tool=understood.tool,
        arguments=understood.arguments, asks=asks, choices=choices, facts=tuple(facts),
        chosen_by="model" if understood.by_model else "rules",
    )  # fmt: skip


def helping(language: str, dataset: Dataset, *, off_topic: bool = False, opening: str = "") -> Reply:
    """Return what the assistant can do, honestly also where something else was asked for."""
    speaker, box = Speaker(language), tool_box()
    first = speaker.say("off_topic" if off_topic else "greeting")
    names = [name for name in TOOLS if name != "help"]
    lines = [
        speaker.say("ability", title=box.title(name, language), description=speaker.words(box.tools[name].description))
        for name in names
    ]
    values = _examples(dataset)
    suggestions = tuple(
        speaker.words(box.tools[name].example).format(**values) for name in names[:4] if len(values) == 4
    )
    text = "\n".join(([opening] if opening else []) + [first, *lines])
    return Reply(
        kind="help", text=text, language=language, tool="help", suggestions=suggestions,
        facts=(*lines, *suggestions),
    )  # fmt: skip


def failed(error: ApplianceError, understood: Understanding, language: str) -> Reply:
    """Return what is said where a tool refused its input: what happened and what to do next."""
    text = error.render(language)
    return Reply(
        kind="error", text=text, language=language, tool=understood.tool, arguments=understood.arguments,
        facts=(text, *_known(understood)), chosen_by="model" if understood.by_model else "rules",
    )  # fmt: skip


def with_refusal(reply: Reply, decision: Decision, language: str) -> Reply:
    """Return a reply that says at its end that a purchase stays refused.

    Where the rules have just allowed the same product to another client, the check of refusals, which knows products
    alone, is not given this one.
    """
    speaker = Speaker(language)
    said = f"{speaker.say('refusal_stays')}{'' if speaker.chinese else ' '}{decision.summary}"
    facts = (
        *reply.facts, decision.summary, decision.client, decision.product, decision.product_level,
        decision.product_names.en, decision.product_names.zh,
    )  # fmt: skip
    for_another = reply.allowed in ("yes", "confirm") and reply.arguments.get("product") == decision.product
    refusals = reply.refusals if for_another else (*reply.refusals, decision)
    text = "\n\n".join(part for part in (reply.text, said) if part)
    return reply.model_copy(update={"text": text, "facts": facts, "refusals": refusals})


def give_facts(facts: CheckFacts, reply: Reply, dataset: Dataset) -> None:
    """Give the checks of `CHECKS` what they go by for this reply."""
    facts.give(NUMBERS, list(reply.facts))
    facts.give(PROMISES, None)
    facts.give(REFUSED, Refusals.of(reply.refusals, dataset.products))


def _borne_out(result: Result, facts: Sequence[str]) -> Result:
    """Return the result without sentences that name a number of their own."""
    lines = (*result.lead, *result.notes)
    if not NUMBERS.find("\n".join(lines), facts):
        return result
    bad = {line for line in lines if NUMBERS.find(line, facts)}
    return result.model_copy(update={
        "lead": tuple(line for line in result.lead if line not in bad),
        "notes": tuple(line for line in result.notes if line not in bad),
    })  # fmt: skip


def _listed(result: Result) -> tuple[Figure, ...]:
    """Return the figures of the table and those whose value stands in the sentences."""
    text = "\n".join((*result.lead, *result.notes))
    shown = {one.id: one for one in result.shown}
    said = {one.id: one for one in result.figures if one.value is not None and one.shown in text}
    return tuple({**shown, **said}.values())


def _known(understood: Understanding) -> list[str]:
    return [str(value) for value in understood.arguments.values() if isinstance(value, str)]


def _name(dataset: Dataset, key: str, language: str) -> str:
    if key in dataset.clients:
        return dataset.clients[key].name
    return dataset.products[key].name.within(language) if key in dataset.products else ""


def _examples(dataset: Dataset) -> dict[str, str]:
    clients, products = list(dataset.clients)[:1], list(dataset.products)[:2]
    securities = sorted({key for one in dataset.products.values() for key in one.constituents})[:1]
    if not (clients and len(products) == 2 and securities):
        return {}
    return {"client": clients[0], "product": products[0], "other": products[1], "security": securities[0]}
