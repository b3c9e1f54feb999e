"""Which tool a turn speaks for: by phrases, by what it names, and by what was spoken of before."""

from collections.abc import Mapping
from typing import Final

from .reading import Reading
from .state import State
from .tools import ARGUMENTS, ToolName
from .vocabulary import Words, any_in

SURE: Final = 2
"""Least weight of phrases that names a tool by itself."""


def scores_of(reading: Reading, words: Words) -> dict[ToolName, float]:
    """Return how much the phrases of a turn speak for each tool."""
    scores: dict[ToolName, float] = {}
    for tool, by_weight in words.intents.items():
        score = sum(weight for weight, patterns in by_weight.items() if any_in(patterns, reading.folded))
        if score:
            scores[tool] = float(score)
    _weigh(reading, scores)
    return {tool: score for tool, score in scores.items() if score > 0.0}


def _weigh(reading: Reading, scores: dict[ToolName, float]) -> None:
    """Let what is named speak for tools, and against those that cannot be meant."""

    def add(tool: ToolName, weight: float) -> None:
        scores[tool] = scores.get(tool, 0.0) + weight

    if reading.securities:
        add("stock_notes", 4.0)
    if reading.measure is None or reading.products or reading.clients:
        scores.pop("figure_explained", None)
    elif "figure_explained" in scores:
        add("figure_explained", 2.0)
    if reading.clients and reading.products and reading.amount is not None:
        add("suitability", 3.0)
    if len(reading.products) > 1:
        add("compare_funds", 1.5)
        add("fund_diagnosis", -1.0)
    if reading.products:
        add("fund_diagnosis", 1.5 if not reading.clients else 0.0)
        add("product_list", -3.0)
        add("client_facts", -2.0)
    elif reading.clients or reading.of_client:
        add("account_diagnosis", 0.5)
        add("fund_diagnosis", -1.0)
    if reading.method:
        add("allocation", 3.0)
    if reading.limits:
        add("allocation", 3.0)
    if reading.scenario:
        add("stress", 2.0)
    if "stress" not in scores and reading.scenario and not reading.clients:
        add("stress", 1.0)
    if "product_list" in scores and (
        reading.min_level or reading.max_level or reading.asset_class or reading.term_days
    ):
        add("product_list", 1.5)


def tool_of(reading: Reading, state: State, scores: Mapping[ToolName, float]) -> tuple[ToolName | None, float]:
    """Return the tool that a turn asks for and how sure that is (0 to 1); None: nothing that is known."""
    best = max(scores, key=lambda one: scores[one], default=None)
    top = scores[best] if best is not None else 0.0
    pending = state.pending
    if pending is not None and _fills(reading, pending.asks, pending.tool):
        usual = best in (None, pending.tool, "fund_diagnosis", "account_diagnosis")
        if usual or top < 2 * SURE:
            return pending.tool, 0.9
    if state.tool is not None and _goes_on(reading, state, best, top):
        return state.tool, 0.8
    if best is not None and top >= SURE:
        return best, min(1.0, 0.5 + top / 12.0)
    if reading.pressing and state.tool == "suitability":
        return "suitability", 0.8
    if reading.named:
        return _by_names(reading, state), 0.6
    return None, 0.0


def _goes_on(reading: Reading, state: State, best: ToolName | None, top: float) -> bool:
    """Tell whether a turn only changes something of the last call."""
    if state.tool in (None, "help") or not (reading.named or reading.pressing):
        return False
    if reading.measure and best == "figure_explained":
        return False
    if best == state.tool:
        return True
    if reading.pressing and state.tool == "suitability" and not reading.named:
        return True
    if not _fits(reading, state):
        return False
    if reading.follows or reading.corrected:
        return top < 2 * SURE or (best == "fund_diagnosis" and top < 2 * SURE + 1)
    return top < SURE


def _fits(reading: Reading, state: State) -> bool:
    """Tell whether what a turn names are arguments of the last tool."""
    fields = ARGUMENTS[state.tool].model_fields if state.tool else {}
    given = {
        "client": bool(reading.clients), "product": bool(reading.products) and "products" not in fields,
        "products": bool(reading.products) and "product" not in fields, "amount": reading.amount is not None,
        "window": reading.window is not None, "as_of": reading.day is not None, "method": reading.method is not None,
        "limits": bool(reading.limits), "scenario": reading.scenario is not None,
        "asset_class": reading.asset_class is not None and not reading.limits,
        "max_level": reading.max_level is not None or reading.min_level is not None,
        "currency": reading.currency is not None, "term_days": reading.term_days is not None,
        "name": reading.measure is not None, "security": bool(reading.securities),
    }  # fmt: skip
    named = [field for field in ("client", "product", "products", "security") if given[field]]
    if any(field not in fields for field in named):
        return False
    return any(given[field] for field in given if field in fields)


def _by_names(reading: Reading, state: State) -> ToolName | None:
    """Return the tool that what is named alone suggests."""
    if reading.securities:
        return "stock_notes"
    if reading.limits or reading.method:
        return "allocation"
    if reading.amount is not None and (reading.products or reading.clients):
        return "suitability"
    if len(reading.products) > 1:
        return "compare_funds"
    if reading.products:
        return "suitability" if reading.clients else "fund_diagnosis"
    if reading.scenario and (reading.clients or state.client):
        return "stress"
    if reading.clients:
        return "account_diagnosis"
    if reading.measure:
        return "figure_explained"
    if reading.min_level or reading.max_level:
        return "product_list"
    return None


def _fills(reading: Reading, asks: str, tool: ToolName) -> bool:
    """Tell whether a turn has what was asked for."""
    found = {
        "client": bool(reading.clients) or (tool == "allocation" and bool(reading.products)),
        "product": bool(reading.products), "products": bool(reading.products), "amount": reading.amount is not None,
        "security": bool(reading.securities), "name": reading.measure is not None,
    }  # fmt: skip
    return found.get(asks, False)
