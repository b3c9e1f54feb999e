"""A client of the sample bank whose data each test sets, and the rules in force."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from scenarios.advisor.data.dataset import Dataset
from scenarios.advisor.models import Client, Holding
from scenarios.advisor.suitability import Decision, Row, RuleBook, decide

TODAY = date(2026, 11, 2)
HELD = {"P001": 600_000.0, "P002": 300_000.0, "P005": 100_000.0}
"""What the client holds, in CNY: cash R1, bonds R2, mixed R3."""


@dataclass(frozen=True)
class Bench:
    """Decides for one client, whose fields and whose product's fields are set by name."""

    sample: Dataset
    rules: RuleBook

    def dataset(self, client: dict[str, Any], product: dict[str, Any], product_id: str, held=None) -> Dataset:
        person = Client(
            id="C9000", name="样本", birth_date=date(1985, 5, 5), level="C4", assessed_on=date(2026, 6, 1),
            target="balanced", cash_need=0.0, horizon_days=1825,
        ).model_copy(update=client)  # fmt: skip
        held = HELD if held is None else held
        last = self.sample.last_day
        holdings = tuple(
            Holding(client="C9000", product=name, units=money / self.sample.price(name, TODAY), cost=money,
                    bought_on=date(2024, 1, 2), as_of=last)
            for name, money in held.items()
        )  # fmt: skip
        changed = self.sample.products[product_id].model_copy(update=product)
        return replace(
            self.sample, clients={"C9000": person}, products={**self.sample.products, product_id: changed},
            kept_holdings={"C9000": holdings}, kept_transactions={},
        )  # fmt: skip

    def decide(
        self, amount=20_000.0, *, client=None, product=None, product_id="P003", held=None, rules=None, **more
    ) -> Decision:
        dataset = self.dataset(client or {}, product or {}, product_id, held)
        return decide(dataset, "C9000", product_id, amount, today=TODAY, rules=rules or self.rules, **more)


def row(decision: Decision, rule: str) -> Row:
    return next(one for one in decision.rows if one.rule == rule)


@pytest.fixture(scope="session")
def rules() -> RuleBook:
    return RuleBook.load()


@pytest.fixture(scope="session")
def bench(sample, rules) -> Bench:
    return Bench(sample, rules)
