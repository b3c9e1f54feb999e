"""Runs the tools: each gives a `Result`, written by the part that computes it, shortened here."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol, cast

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..data.dataset import Dataset
from ..figures.making import fact
from ..models import Figure
from ..suitability import Decision, RuleBook, decide
from . import fund_results, listing
from .results import NotesSource, Result
from .speaking import Speaker
from .tools import (
    AccountArguments,
    AllocationArguments,
    Arguments,
    NotesArguments,
    StockArguments,
    StressArguments,
    SuitabilityArguments,
    ToolName,
)

if TYPE_CHECKING:
    from ..accounts.stress import StressBook
    from ..allocation import LimitBook

_KEY_ACCOUNT: Final = (
    "total_value", "total_gain", "positions", "largest_product", "top_five", "volatility", "max_drawdown",
    "money_weighted_return",
)  # fmt: skip
_MOST_TRADES: Final = 8


class Runner(Protocol):
    """Runs one tool with checked arguments."""

    async def __call__(self, tool: ToolName, arguments: Arguments, language: str) -> Result:
        """Return the result. Raises `RequestError` and `Unavailable`."""
        ...


@dataclass(frozen=True)
class Desk:
    """What the tools compute from. `stress` and `limits` are the bank's books; None: the shipped ones."""

    dataset: Dataset
    today: date
    rules: RuleBook
    notes: NotesSource | None = None
    stress: "StressBook | None" = field(default=None, repr=False)
    limits: "LimitBook | None" = field(default=None, repr=False)
    charts: bool = True

    async def __call__(self, tool: ToolName, arguments: Arguments, language: str) -> Result:
        """Run a tool: in a thread, but the notes, which wait for other services."""
        if isinstance(arguments, NotesArguments | StockArguments):
            security = arguments.security if isinstance(arguments, StockArguments) else None
            return await noted(tool, self.notes, arguments.query, security, language)
        return await asyncio.to_thread(run, self, tool, arguments, language)


def run(desk: Desk, tool: ToolName, arguments: Arguments, language: str) -> Result:
    """Run a tool of code, here and now. Raises `RequestError`, `Unavailable`."""
    return _RUN[tool](desk, arguments, Speaker(language))


async def noted(tool: ToolName, notes: NotesSource | None, query: str, security: str | None, language: str) -> Result:
    """Return what the bank's reports say, quoted; a quotation that promises a return is left out."""
    from .promises import promises_in

    speaker = Speaker(language)
    if notes is None:
        return Result(tool=tool, lead=(speaker.say("notes_missing"),))
    found = await notes(query, security, language)
    kept = tuple(text for text in found.sentences if not promises_in(text))
    withheld = (speaker.say("notes_withheld"),) if len(kept) < len(found.sentences) else ()
    if not kept:
        return Result(tool=tool, lead=(speaker.say("no_notes"),), notes=withheld)
    return Result(
        tool=tool, lead=kept, notes=withheld, disclosures=(speaker.say("notes_note"),), citations=found.citations,
        facts=found.sentences,
    )  # fmt: skip


def _suitability(desk: Desk, arguments: Arguments, speaker: Speaker) -> Result:
    asked = cast("SuitabilityArguments", arguments)
    decision = decide(
        desk.dataset, asked.client, asked.product, asked.amount, today=desk.today, rules=desk.rules,
        language=speaker.language,
    )  # fmt: skip
    rows = [row for row in decision.rows if row.reason is not None and row.outcome in ("broken", "unknown")]
    lead = [decision.summary]
    if rows and decision.allowed == "no":
        lead.append(speaker.say("heading_rules"))
        sources: dict[str, list[str]] = {}
        for one in rows:
            sources.setdefault(str(one.reason), []).append(one.legal_source)
        lead += [speaker.say("rule", reason=reason, source=speaker.listed(own)) for reason, own in sources.items()]
    if decision.allowed == "confirm" and decision.confirmations:
        lead.append(speaker.say("heading_confirm"))
        lead += [speaker.say("item", text=text) for text in decision.confirmations]
    if decision.allowed != "yes" and decision.remedies:
        lead.append(speaker.say("heading_remedies"))
        lead += [speaker.say("item", text=text) for text in decision.remedies]
    if decision.allowed == "no" and decision.alternatives:
        lead.append(speaker.say("heading_alternatives"))
        lead += [speaker.say("item", text=f"{one.id} {one.name} ({one.level})") for one in decision.alternatives[:3]]
    if desk.dataset.made_up:
        lead.append(speaker.say("made_up"))
    return Result(
        tool="suitability", lead=tuple(lead), figures=tuple(decision.figures().values()), decision=decision,
        disclosures=decision.disclosures, facts=_decision_facts(decision, desk),
        suggestions=(
            speaker.say("suggest_list", client=asked.client), speaker.say("suggest_fund", product=asked.product),
        ),
    )  # fmt: skip


def _decision_facts(decision: Decision, desk: Desk) -> tuple[str, ...]:
    """Return what the decision's table says: facts and limits as written, requirements, ids, names, legal sources."""
    texts = [decision.client, decision.product, decision.product_names.en, decision.product_names.zh]
    texts += [f"{decision.amount:,.2f} {decision.currency}", decision.client_level or "", decision.product_level]
    for row in decision.rows:
        texts += [row.title, row.required, row.legal_source]
        texts += [f"{one.title}: {one.shown}" for one in (*row.facts, *((row.limit,) if row.limit else ()))]
        texts += [str(value) for one in row.facts for value in one.inputs.values()]
    for one in decision.alternatives:
        texts += [one.id, one.name, one.level]
    for rule in desk.rules.rules:
        texts += [text for text in (rule.says.en if rule.says else "", rule.says.zh if rule.says else "") if text]
    return tuple(texts)


def _account(desk: Desk, arguments: Arguments, speaker: Speaker) -> Result:
    from ..accounts import diagnose

    own = cast("AccountArguments", arguments)
    day = date.fromisoformat(own.as_of) if own.as_of else None
    found = diagnose(desk.dataset, own.client, day, speaker.language, charts=desk.charts, stress=_stress_of(desk))
    shown = [found.figures[key] for name in _KEY_ACCOUNT if (key := f"account.{own.client}.{name}") in found.figures]
    client = desk.dataset.client(own.client)
    return Result(
        tool="account_diagnosis", lead=(speaker.say("for_client", id=client.id, name=client.name), *found.text),
        figures=tuple(found.figures.values()), shown=tuple(one for one in shown if one.value is not None),
        charts=found.charts, notes=found.notes, disclosures=found.disclosures,
        facts=(client.id, client.name, *_names(desk, speaker, (*found.text, *found.notes))),
        suggestions=(
            speaker.say("suggest_stress", client=client.id), speaker.say("suggest_allocation", client=client.id),
        ),
    )  # fmt: skip


def _stress_of(desk: Desk) -> "StressBook":
    from ..accounts.stress import shipped_stress

    return desk.stress or shipped_stress()


def _stress(desk: Desk, arguments: Arguments, speaker: Speaker) -> Result:
    from ..accounts import diagnose

    own = cast("StressArguments", arguments)
    book = _stress_of(desk)
    if own.scenario is not None:
        known = [one.name for one in book.scenarios]
        if own.scenario not in known:
            raise InvalidRequest(
                _("There is no stress scenario {name}.", name=own.scenario),
                _("Ask for one of {names}.", names=", ".join(known)), param="scenario", code="scenario_not_found",
            )  # fmt: skip
        book = book.only([own.scenario])
    found = diagnose(desk.dataset, own.client, None, speaker.language, charts=desk.charts, stress=book)
    client = desk.dataset.client(own.client)
    lead, shown = [speaker.say("for_client", id=client.id, name=client.name)], list[Figure]()
    for line in found.stress:
        loss, share = (found.figures[line.figures[name]] for name in ("stress_loss", "stress_share"))
        if loss.value is None:
            lead.append(speaker.say("stress_none", title=line.title, note=loss.note or loss.shown))
            continue
        lead += [speaker.say("stress", title=line.title, loss=loss.shown, share=share.shown), line.description]
        shown += [loss, share, *(found.figures[key] for key in line.by_class.values())]
    if not found.stress:
        lead.append(speaker.say("no_holdings", id=client.id))
    return Result(
        tool="stress", lead=tuple(lead), figures=tuple(found.figures.values()), shown=tuple(shown),
        charts=tuple(one for one in found.charts if "stress" in one.name), disclosures=found.disclosures,
        facts=(client.id, client.name, *(text for line in found.stress for text in (line.title, line.description))),
        suggestions=(
            speaker.say("suggest_account", client=client.id), speaker.say("suggest_allocation", client=client.id),
        ),
    )  # fmt: skip


def _allocation(desk: Desk, arguments: Arguments, speaker: Speaker) -> Result:
    from ..allocation import AllocationRequest, propose

    own = cast("AllocationArguments", arguments)
    request = AllocationRequest(
        client=own.client, products=own.products, method=own.method or "mean_variance", limits=own.limits,
        leave_out_bad=True, charts=desk.charts,
    )  # fmt: skip
    found = propose(desk.dataset, request, speaker.language, book=desk.limits, rules=desk.rules, today=desk.today)
    rows = sorted(found.weights, key=lambda one: -(one.proposed.value or 0.0))
    trades = found.rebalancing.trades[:_MOST_TRADES] if found.rebalancing else ()
    figures = tuple(found.all_figures().values())
    held = [one.proposed for one in rows if (one.proposed.value or 0.0) > 0.0]
    limits = [row.words for row in found.limits]
    conflict = [text for one in (found.conflict,) if one for words in one.words for text in words]
    conflict += [one.words for clash in (found.conflict,) if clash for one in (*clash.changes, *clash.together)]
    client = [own.client] if own.client else []
    lead = [*found.texts]
    if own.client:
        lead.insert(0, speaker.say("for_client", id=own.client, name=desk.dataset.client(own.client).name))
    return Result(
        tool="allocation", lead=tuple(lead), figures=figures,
        shown=(*held, *(one.amount for one in trades)), charts=found.charts, notes=found.notes,
        disclosures=found.disclosures,
        facts=(*client, *limits, *conflict, *_names(desk, speaker, (*lead, *found.notes))),
        suggestions=tuple(speaker.say("suggest_account", client=one) for one in client),
    )  # fmt: skip


def _forms(count: str) -> tuple[str, ...]:
    """Return a count as sentences write it, with the measure words that make it a number of things or times."""
    return count, f"{count}个", f"{count}次", f"{count} times"


def _names(desk: Desk, speaker: Speaker, texts: Sequence[str]) -> list[str]:
    """Return the products' names and ids in texts that have a digit: it may be said, and is no figure."""
    whole = "\n".join(texts)
    named = [text for one in desk.dataset.products.values() for text in (one.id, speaker.words(one.name))]
    return [text for text in named if any(char.isdigit() for char in text) and text in whole]


def facts_of(result: Result) -> tuple[str, ...]:
    """Return the texts whose numbers may be said in an answer from a result."""
    inputs = [str(value) for one in result.figures for value in one.inputs.values() if isinstance(value, str)]
    own = [*(fact(one) for one in result.figures), *(one.note or "" for one in result.figures), *inputs]
    own += [form for one in result.figures if one.unit == "count" for form in _forms(one.shown)]
    fixed = (*result.facts, *result.suggestions, *result.disclosures)
    return tuple(dict.fromkeys(text for text in (*own, *fixed) if text))


_RUN: Final[Mapping[ToolName, Callable[[Desk, Arguments, Speaker], Result]]] = {
    "suitability": _suitability, "fund_diagnosis": fund_results.fund, "compare_funds": fund_results.compare,
    "account_diagnosis": _account, "allocation": _allocation, "stress": _stress,
    "product_list": listing.products, "client_facts": listing.client, "figure_explained": listing.figure,
}  # fmt: skip
