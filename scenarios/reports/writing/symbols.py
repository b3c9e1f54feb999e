"""What went into a figure, by its title instead of its symbol."""

import re
from typing import Final

from ..models import Input
from .sources import Sources
from .titles import title

_CALL: Final = re.compile(r"(prior|first|fact|annual)\((.+)\)")
_PAYMENT: Final = re.compile(r"p(\d+)")
_OWN: Final = ("altman_z", "safe", "distress", "days", "months", "years", "inflow", "flow_months")
"""Symbols that no YAML file of another part gives a title."""


def input_title(given: Input, sources: Sources) -> str:
    """Return what went into a figure, as a table names it."""
    name = symbol_title(given.symbol, sources)
    figure = sources.analysis.figure(given.figure) if name == given.symbol and given.figure is not None else None
    return figure.title if figure is not None else name


def symbol_title(symbol: str, sources: Sources) -> str:
    """Return what stands for a symbol in a table: prior(cash) is the cash of the period before."""
    call = _CALL.fullmatch(symbol)
    if call is not None:
        inner = symbol_title(call[2], sources)
        return inner if call[1] in ("fact", "annual") else sources.say(f"symbol_{call[1]}", title=inner)
    if symbol.startswith("prior "):
        return sources.say("symbol_prior", title=symbol_title(symbol.removeprefix("prior "), sources))
    if symbol in _OWN:
        return sources.say(f"symbol_{symbol}")
    payment = _PAYMENT.fullmatch(symbol)
    if payment is not None:
        return sources.say("symbol_payment", number=payment[1])
    for form in ("item", "figure", "fact"):
        titled = title(form, symbol, sources.language)
        if titled is not None:
            return titled
    return symbol
