"""The formulas of YAML files: names, + - * / ( ), and a few functions; parsed and computed here, never by Python.

`avg(x)` is the mean of x at this and the last period's end, `prior(x)` the value of the period before, `annual(x)`
a flow scaled to twelve months, `or_zero(x)` an account that counts as nothing where a statement does not show it,
`either(x, y)` the first that is stated, `cagr(x)` the yearly growth since the first year, `fact(x)` a field.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from appliance.core.messages import _

NAME: Final = r"[a-z][a-z0-9_]*(?:\.[a-z0-9][a-z0-9_]*)?"
FUNCTIONS: Final = ("avg", "prior", "annual", "or_zero", "either", "cagr", "fact")
BUILT_IN: Final = ("days", "months", "inflow", "flow_months")
THIS: Final = "this"
"""In a formula of many accounts: the account that it is computed for."""
_ON_NAMES: Final = ("or_zero", "either", "cagr", "fact")
_TOKEN: Final = re.compile(rf"\s*(?:({NAME})|(\d+(?:\.\d+)?)|([-+*/(),]))")
_LONGEST: Final = 500
_DEEPEST: Final = 12


class ExpressionError(ValueError):
    """An expression that means nothing; its argument is a `Message`."""


class NoValueError(Exception):
    """Why a figure has no value: `reason` names a note, `about` is what it is about, `detail` says more."""

    def __init__(self, reason: str, about: "Node | None" = None, detail: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.about = about
        self.detail = detail


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    value: float


@dataclass(frozen=True)
class Name:
    """An account, a figure or one of `BUILT_IN`."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True)
class Operation:
    """Two sides."""

    sign: Literal["+", "-", "*", "/"]
    left: "Node"
    right: "Node"


Node = Number | Name | Call | Operation
Look = Callable[[str, str], float]
"""Returns the value of a name; its second argument is the function: prior, first, years, fact or empty."""


def parse(text: str) -> Node:
    """Return what an expression means. Raises `ExpressionError`."""
    if len(text) > _LONGEST:
        raise ExpressionError(_("an expression has at most {most} characters", most=_LONGEST))
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(_("`{text}` cannot be read at {rest}", text=text, rest=text[at:].strip()[:20]))
        tokens.append(found.group().strip())
        at = found.end()
    reader = _Reader(text, tokens)
    node = reader.sum(0)
    reader.end()
    return node


class _Reader:
    def __init__(self, text: str, tokens: list[str]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0

    def sum(self, depth: int) -> Node:
        node = self._product(depth)
        while (sign := self._next()) in ("+", "-"):
            self._at += 1
            node = Operation("+" if sign == "+" else "-", node, self._product(depth))
        return node

    def end(self) -> None:
        if self._next():
            raise self._fault()

    def _product(self, depth: int) -> Node:
        node = self._one(depth)
        while (sign := self._next()) in ("*", "/"):
            self._at += 1
            node = Operation("*" if sign == "*" else "/", node, self._one(depth))
        return node

    def _one(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise ExpressionError(_("`{text}` is nested too deeply", text=self._text))
        token = self._next()
        self._at += 1
        if token == "(":  # noqa: S105 - a parenthesis
            node = self.sum(depth + 1)
            self._must(")")
            return node
        if token == "-":  # noqa: S105 - a sign
            return Operation("-", Number(0.0), self._one(depth + 1))
        if token[:1].isdigit():
            return Number(float(token))
        if not token[:1].isalpha():
            self._at -= 1
            raise self._fault()
        return self._call(token, depth) if self._next() == "(" else Name(token)

    def _call(self, function: str, depth: int) -> Node:
        if function not in FUNCTIONS:
            raise ExpressionError(_("there is no function {name}", name=function))
        self._must("(")
        arguments = [self.sum(depth + 1)]
        while self._next() == ",":
            self._at += 1
            arguments.append(self.sum(depth + 1))
        self._must(")")
        if (len(arguments) == 1) == (function == "either"):
            raise ExpressionError(_("{function} takes another number of names", function=function))
        if function in _ON_NAMES and not all(isinstance(one, Name) for one in arguments):
            raise ExpressionError(_("{function} takes a name, no expression", function=function))
        inner = {one.function for argument in arguments for one in walk(argument) if isinstance(one, Call)}
        if function in ("avg", "prior") and inner & {"avg", "prior", "cagr", "fact"}:
            raise ExpressionError(_("{function} cannot stand around {inner}", function=function, inner=min(inner)))
        return Call(function, tuple(arguments))

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _must(self, token: str) -> None:
        if self._next() != token:
            raise self._fault()
        self._at += 1

    def _fault(self) -> ExpressionError:
        found = self._next() or _("its end")
        return ExpressionError(_("`{text}` cannot be read at {rest}", text=self._text, rest=found))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    if isinstance(node, Call):
        for one in node.arguments:
            yield from walk(one)
    elif isinstance(node, Operation):
        yield from walk(node.left)
        yield from walk(node.right)


def names(node: Node) -> set[str]:
    """Return the names of accounts and figures, without fields."""
    fields = facts(node)
    return {one.name for one in walk(node) if isinstance(one, Name)} - set(BUILT_IN) - fields


def facts(node: Node) -> set[str]:
    """Return the names of fields."""
    calls = (one for one in walk(node) if isinstance(one, Call) and one.function == "fact")
    return {one.arguments[0].name for one in calls if isinstance(one.arguments[0], Name)}


def standing_for(node: Node, account: str) -> Node:
    """Return the expression with an account in the place of `this`."""
    if isinstance(node, Name):
        return Name(account) if node.name == THIS else node
    if isinstance(node, Call):
        return Call(node.function, tuple(standing_for(one, account) for one in node.arguments))
    if isinstance(node, Operation):
        return Operation(node.sign, standing_for(node.left, account), standing_for(node.right, account))
    return node


def symbol(name: str, function: str) -> str:
    """Return how an input is called: total_assets, prior(total_assets), first(revenue), years."""
    return f"{function}({name})" if function in ("prior", "first", "fact") else (function or name)


def compute(node: Node, look: Look, *, signed: bool = False) -> float:
    """Return the value. Raises `NoValueError`: for a denominator below zero too, unless `signed`."""
    value = _Computation(look, signed).value(node, "", below=False)
    if value != value or value in (float("inf"), float("-inf")):
        raise NoValueError("too_large")
    return value


def recompute(node: Node, inputs: "dict[str, float]", *, signed: bool = False) -> float:
    """Return the value from inputs by symbol, as they stand in a figure. Raises `NoValueError`."""

    def look(name: str, function: str) -> float:
        found = inputs.get(symbol(name, function))
        if found is None:
            if name == "months":
                return 12.0
            raise NoValueError("missing", Name(name))
        return found

    return compute(node, look, signed=signed)


class _Computation:
    def __init__(self, look: Look, signed: bool) -> None:
        self._look = look
        self._signed = signed

    def value(self, node: Node, shift: str, *, below: bool) -> float:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            return self._look(node.name, "" if node.name in BUILT_IN else shift)
        if isinstance(node, Call):
            return self._call(node, shift, below=below)
        left = self.value(node.left, shift, below=below)
        if node.sign != "/":
            right = self.value(node.right, shift, below=below)
            return left + right if node.sign == "+" else left - right if node.sign == "-" else left * right
        right = self.value(node.right, shift, below=True)
        if right == 0.0:
            raise NoValueError("zero", node.right)
        if right < 0.0 and not self._signed:
            raise NoValueError("negative", node.right)
        return left / right

    def _call(self, node: Call, shift: str, *, below: bool) -> float:
        argument = node.arguments[0]
        if node.function == "prior":
            return self.value(argument, "prior", below=below)
        if node.function == "annual":
            return self.value(argument, shift, below=below) * 12.0 / self._look("months", "")
        if node.function == "avg":
            now, before = (self.value(argument, at, below=below) for at in (shift, "prior"))
            # A mean of a negative and a positive end may be positive and means nothing to divide by.
            if below and min(now, before) < 0.0 and not self._signed:
                raise NoValueError("negative", argument if now < 0.0 else Call("prior", (argument,)))
            return (now + before) / 2.0
        first, *others = [one.name for one in node.arguments if isinstance(one, Name)]
        if node.function == "fact":
            return self._look(first, "fact")
        if node.function == "cagr":
            return self._cagr(first)
        return self._first_stated(node.function, (first, *others), shift)

    def _first_stated(self, function: str, among: tuple[str, ...], shift: str) -> float:
        for at, name in enumerate(among, start=1):
            try:
                return self._look(name, shift)
            except NoValueError as error:
                if error.reason == "missing" and function == "or_zero":
                    return 0.0
                if function == "or_zero" or error.reason not in ("missing", "no_statement") or at == len(among):
                    raise
        raise NoValueError("missing", Name(among[0]))

    def _cagr(self, name: str) -> float:
        last, first, years = self._look(name, ""), self._look(name, "first"), self._look(name, "years")
        if first <= 0.0:
            raise NoValueError("negative" if first < 0.0 else "zero", Name(name))
        if last < 0.0:
            raise NoValueError("negative", Name(name))
        return float((last / first) ** (1.0 / years) - 1.0)
