"""The sample bank's clients: what they bought, sold and were paid, and two statements. All made up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy
from numpy.random import Generator

from .sample_market import Values
from .sample_names import CLIENT_NAMES

_TARGETS: Final = ("cautious", "steady", "balanced", "growth", "aggressive")
_STATEMENTS: Final = (-250, -1)
"""Days of the statements, counted from the end."""


@dataclass
class SampleClients:
    """The rows of clients.csv, holdings.csv and transactions.csv."""

    clients: list[dict[str, Any]] = field(default_factory=list)
    holdings: list[dict[str, Any]] = field(default_factory=list)
    transactions: list[dict[str, Any]] = field(default_factory=list)

    def told(self, client: str, row: Mapping[str, Any], kind: str, day: date, units: float, amount: float) -> None:
        """Add a transaction."""
        self.transactions.append({
            "id": f"T{len(self.transactions) + 1:06}", "client": client, "product": row["id"], "kind": kind, "day": day,
            "units": round(units, 2), "amount": round(amount, 2), "currency": row["currency"],
        })  # fmt: skip


def sample_clients(
    generator: Generator,
    products: Sequence[Mapping[str, Any]],
    navs: Mapping[str, Mapping[str, Values]],
    days: Sequence[date],
    count: int,
) -> SampleClients:
    """Return clients; every 50th has cash alone, every 40th was never assessed, every 10th holds too much risk."""
    made = SampleClients()
    for number in range(count):
        level = int(generator.integers(1, 6))
        client = _client(generator, number, level, days[-1])
        made.clients.append(client)
        if number % 50 == 49:
            suited = [row for row in products if row["peer_group"] == "money"][:1]
        else:
            suited = [row for row in products if int(row["seller_level"][1]) <= level + (number % 10 == 3)]
            suited = [suited[at] for at in generator.permutation(len(suited))[: int(generator.integers(2, 11))]]
        wealth = float(generator.lognormal(12.3, 0.9))
        for row, share in zip(suited, generator.dirichlet(numpy.ones(len(suited))), strict=True):
            at = int(generator.integers(0, len(days) - 30))
            amount = round(max(1000.0, wealth * float(share)), 2)
            sold = float(generator.uniform(0.1, 0.6)) if generator.uniform() < 0.2 else 0.0
            _lot(made, client["id"], row, navs[row["id"]], days, at, amount, sold)
    return made


def _client(generator: Generator, number: int, level: int, today: date) -> dict[str, Any]:
    assessed = today - timedelta(days=int(generator.integers(5, 700)))
    never = number % 40 == 39
    return {
        "id": f"C{number + 1:04}", "name": CLIENT_NAMES[number % len(CLIENT_NAMES)],
        "birth_date": (today - timedelta(days=int(generator.integers(19 * 365, 84 * 365)))).isoformat(),
        "kind": "professional" if number % 25 == 7 else "ordinary",
        "level": "" if never else f"C{level}", "assessed_on": "" if never else assessed.isoformat(),
        "target": _TARGETS[level - 1], "cash_need": int(generator.integers(0, 12)) * 5000,
        "horizon_days": int(generator.choice([90, 180, 365, 1095, 1825])), "advisor": f"RM{number % 12 + 1:02}",
    }  # fmt: skip


def _lot(
    made: SampleClients, client: str, row: Mapping[str, Any], nav: Mapping[str, Values], days: Sequence[date], at: int,
    amount: float, sold: float,
) -> None:  # fmt: skip
    """Add a purchase on day `at`, the splits and payouts since, and a sale of the share `sold` between statements."""
    units = round(amount / float(nav["nav"][at]), 2)
    made.told(client, row, "buy", days[at], units, amount)
    sale = len(days) - 120 if sold and at < len(days) - 130 else None
    cost = amount
    statements = [len(days) + back for back in _STATEMENTS]
    events = set(numpy.flatnonzero((nav["payout"] > 0.0) | (nav["split"] != 1.0)).tolist())
    for day in sorted({*(one for one in events if one > at), *statements, *([sale] if sale else [])}):
        if day < at:
            continue
        if day > at and day in events:
            if nav["payout"][day] > 0.0:
                made.told(client, row, "dividend", days[day], 0.0, units * float(nav["payout"][day]))
            units = round(units * float(nav["split"][day]), 2)
        if day == sale:
            gone = round(units * sold, 2)
            made.told(client, row, "sell", days[day], gone, gone * float(nav["nav"][day]))
            units, cost = round(units - gone, 2), round(cost * (1.0 - sold), 2)
        if day in statements:
            made.holdings.append({
                "client": client, "product": row["id"], "units": units, "cost": cost, "bought_on": days[at],
                "as_of": days[day],
            })  # fmt: skip
