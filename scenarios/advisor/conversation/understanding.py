"""Which tool a turn asks for, with which arguments, by rules alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Literal

from ..data.dataset import Dataset
from .intents import SURE, scores_of, tool_of
from .names import Mention
from .reading import Reading, read
from .state import State
from .tools import ARGUMENTS, ToolName
from .vocabulary import Words, any_in, shipped_words

_CLEAR: Final = 4.0
"""Least weight of phrases that leave a refusal behind."""
_NUMBERS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "一": 1, "二": 2, "三": 3, "四": 4,
                   "五": 5, "六": 6, "七": 7, "八": 8}  # fmt: skip
_ORDINAL: Final = re.compile(
    r"(?:第|no\.? ?|number )?(?P<number>\d|[一二三四五六七八])(?:个|位|号|只)?"
    r"|(?:the )?(?P<word>first|second|third|fourth|fifth)(?: one)?"
)
_KNOWN_CLIENT: Final = ("suitability", "account_diagnosis", "allocation", "stress", "client_facts")
"""Tools that are about the client spoken of, where none is named."""
REQUIRED: Final[Mapping[ToolName, tuple[str, ...]]] = {
    "suitability": ("client", "product", "amount"), "fund_diagnosis": ("product",), "compare_funds": ("products",),
    "account_diagnosis": ("client",), "stress": ("client",), "client_facts": ("client",),
    "stock_notes": ("security",), "figure_explained": ("name",), "allocation": ("client",),
}  # fmt: skip


@dataclass(frozen=True)
class Understanding:
    """What is to be done: a tool and its arguments, and what is missing for it.

    `missing` names arguments in the order in which they are asked for; `choices` are ids that the first may be.
    `unknown` is an id that was named and is not in the data. `confidence` is 0 to 1; `alternatives` are other tools
    that the turn may have meant, the likeliest first. `off_topic`: help was not asked for, but nothing else fits.
    """

    tool: ToolName
    arguments: dict[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    confidence: float = 1.0
    alternatives: tuple[ToolName, ...] = ()
    unknown: str | None = None
    off_topic: bool = False
    by_model: bool = False


def understand(
    text: str, state: State, dataset: Dataset, language: str = "en", *, today: date | None = None,
    words: Words | None = None,
) -> Understanding:  # fmt: skip
    """Return what a turn asks for, given what was said before. It goes by the text, the state and the data alone."""
    del language  # the words of both languages are known at once
    words = words or shipped_words()
    day = today or dataset.last_day
    asked = state.pending.asks if state.pending else None
    reading = read(text, dataset, words, today=day, bare_amount=asked == "amount")
    reading = _chosen(reading, state)
    scores = scores_of(reading, words)
    tool, confidence = tool_of(reading, state, scores)
    if _argues(reading, state, tool, scores) and state.refusal is not None:
        return Understanding("suitability", state.refusal.model_dump(), confidence=0.9)
    if tool is None:
        return Understanding("help", confidence=0.5, off_topic=True)
    others = tuple(one for one in sorted(scores, key=lambda one: -scores[one]) if one != tool and scores[one] >= SURE)
    made = _filled(tool, reading, state)
    return replace(made, confidence=confidence, alternatives=others[:3])


def holds_to_refusal(text: str, state: State, dataset: Dataset, today: date, words: Words) -> bool:
    """Tell whether a turn argues with a refusal, or says nothing else that is known: no model is asked then."""
    reading = read(text, dataset, words, today=today)
    scores = scores_of(reading, words)
    return _argues(reading, state, tool_of(reading, state, scores)[0], scores)


def _argues(reading: Reading, state: State, tool: ToolName | None, scores: Mapping[ToolName, float]) -> bool:
    """Tell whether a turn meets the refusal that stands: it presses, or asks for nothing else clearly."""
    if state.refusal is None:
        return False
    if reading.pressing or tool is None:
        return True
    if tool == "help":
        return not any_in(shipped_words().asks_for_help, reading.folded)
    named = {one.id for one in (*reading.clients, *reading.products, *reading.securities)}
    if tool == "suitability":
        return not (named or reading.amount is not None)
    if named - {state.refusal.client, state.refusal.product} or reading.measure or reading.limits or reading.method:
        return False
    return scores.get(tool, 0.0) < _CLEAR


def _chosen(reading: Reading, state: State) -> Reading:
    """Take 1, 第二个 or "the first" as one of the choices that were offered, and narrow an unclear name by them."""
    pending = state.pending
    if pending is None or not pending.choices:
        return reading
    kind: Literal["client", "product"] = "client" if pending.asks == "client" else "product"
    own = reading.clients if kind == "client" else reading.products
    if own:
        narrowed = tuple(one for one in own[0].ids if one in pending.choices)
        if len(own[0].ids) > 1 and len(narrowed) == 1:
            mention = (replace(own[0], ids=narrowed),)
            return replace(reading, clients=mention) if kind == "client" else replace(reading, products=mention)
        return reading
    number = _ordinal(reading.whole)
    if number is None or not 1 <= number <= len(pending.choices):
        return reading
    chosen = (Mention(kind, (pending.choices[number - 1],), 0, 0, True),)
    return replace(reading, clients=chosen) if kind == "client" else replace(reading, products=chosen)


def _ordinal(text: str) -> int | None:
    """Return the number that a short turn names as its choice, from 1 on."""
    match = _ORDINAL.fullmatch(text.strip(" .。!！"))
    if match is None:
        return None
    said = match.group("number") or match.group("word")
    return int(said) if said.isdigit() else _NUMBERS[said]


def _filled(tool: ToolName, reading: Reading, state: State) -> Understanding:
    """Return the tool with its arguments: those of this turn, over those of the form or call that it goes on with."""
    fields = ARGUMENTS[tool].model_fields
    before = _before(tool, reading, state)
    unknown = reading.unknown
    if unknown is not None and unknown.kind in fields:
        name = _as_said(reading, unknown)
        return Understanding(tool, before, (unknown.kind,), unknown=name)
    arguments = {**before, **_said(tool, reading, state)}
    choices = _unclear(reading, fields)
    missing = []
    for name in REQUIRED.get(tool, ()):
        if name in choices:
            arguments.pop(name, None)
            missing.append(name)
        elif name == "client" and tool == "allocation" and arguments.get("products"):
            continue
        elif name == "products":
            missing += [name] if len(arguments.get(name, ())) < 2 else []
        elif arguments.get(name) in (None, ""):
            missing.append(name)
    for name in choices:
        if name not in missing and name in fields:
            arguments.pop(name, None)
            missing.insert(0, name)
    return Understanding(tool, arguments, tuple(missing), choices.get(missing[0], ()) if missing else ())


def _as_said(reading: Reading, mention: Mention) -> str:
    """Return the words of a mention as they were said, shortened."""
    low_matches = len(reading.text) >= mention.end
    return reading.text[mention.start : mention.end][:40] if low_matches else ""


def _before(tool: ToolName, reading: Reading, state: State) -> dict[str, Any]:
    """Return the arguments that a turn need not say again."""
    fields = ARGUMENTS[tool].model_fields
    if state.pending is not None and state.pending.tool == tool:
        before = dict(state.pending.arguments)
    elif state.tool == tool:
        before = dict(state.arguments)
        if tool == "product_list" and not (reading.follows or _narrow(reading)):
            before = {}
        if tool in ("market_notes", "stock_notes"):
            before = {}
    else:
        before = {}
        if tool in _KNOWN_CLIENT and state.client and not reading.clients:
            before["client"] = state.client
        if "product" in fields and state.product and (reading.of_product or tool == "fund_diagnosis"):
            before["product"] = state.product
    if tool == "allocation" and reading.products and not reading.clients:
        before.pop("client", None)
    if tool == "allocation" and reading.clients:
        before.pop("products", None)
    return {name: value for name, value in before.items() if name in fields}


def _narrow(reading: Reading) -> bool:
    """Tell whether a short turn narrows the list that was shown."""
    return len(reading.text) <= 24 and "产品" not in reading.text and "product" not in reading.text.lower()


def _said(tool: ToolName, reading: Reading, state: State) -> dict[str, Any]:
    fields = ARGUMENTS[tool].model_fields
    products = tuple(one.id for one in reading.products if one.id is not None)
    said: dict[str, Any] = {
        "client": reading.clients[0].id if reading.clients else None,
        "product": products[0] if products else None,
        "amount": reading.amount, "window": reading.window, "as_of": reading.day.isoformat() if reading.day else None,
        "method": reading.method, "limits": _joined(state, tool, reading), "scenario": reading.scenario,
        "security": reading.securities[0].id if reading.securities else None, "name": reading.measure,
        "asset_class": reading.asset_class, "min_level": reading.min_level, "max_level": reading.max_level,
        "term_days": reading.term_days, "currency": reading.currency,
        "query": reading.text[:1000] if "query" in fields else None,
    }  # fmt: skip
    if tool == "product_list" and reading.min_level != reading.max_level and (reading.min_level or reading.max_level):
        said |= {"min_level": reading.min_level, "max_level": reading.max_level}
    if "products" in fields and products:
        said["products"] = _several(tool, products, reading, state)
    return {name: value for name, value in said.items() if name in fields and value not in (None, {}, ())}


def _several(tool: ToolName, products: tuple[str, ...], reading: Reading, state: State) -> tuple[str, ...]:
    """Return the products to compare or to weigh: one alone joins what was spoken of."""
    if len(products) > 1 or tool != "compare_funds":
        return products
    if state.pending is not None and state.pending.tool == tool:
        known = tuple(state.pending.arguments.get("products", ()))
    elif state.tool == tool and (reading.follows or not reading.corrected):
        known = tuple(state.arguments.get("products", ()))
    elif state.product:
        known = (state.product,)
    else:
        known = ()
    return tuple(dict.fromkeys((*known, *products)))[:8]


def _joined(state: State, tool: ToolName, reading: Reading) -> dict[str, Any]:
    """Return the limits said, beside those said before for the same allocation."""
    if not reading.limits or tool != "allocation":
        return {}
    pending = state.pending.arguments if state.pending and state.pending.tool == tool else {}
    before = pending or (state.arguments if state.tool == tool else {})
    limits: dict[str, Any] = dict(before.get("limits", {}))
    for name, value in reading.limits.items():
        limits[name] = {**limits.get(name, {}), **value} if isinstance(value, dict) else value
    return limits


def _unclear(reading: Reading, fields: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the arguments for which a name means several."""
    found: dict[str, tuple[str, ...]] = {}
    clients = tuple(dict.fromkeys(key for one in reading.clients for key in one.ids))
    if len(clients) > 1 and "client" in fields:
        found["client"] = clients
    for one in reading.products:
        if len(one.ids) > 1:
            found["product" if "product" in fields else "products"] = one.ids
            break
    return {name: ids for name, ids in found.items() if name in fields}
