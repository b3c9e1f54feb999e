"""The sample bank: made up, whole, and the same at every run."""

from datetime import date

import numpy
import pytest

from scenarios.advisor.data.loading import load_dataset
from scenarios.advisor.data.sample import make_sample
from tests.unit.scenario.advisor.conftest import LAST


def test_it_is_whole(sample):
    assert (len(sample.clients), len(sample.products)) == (200, 80)
    assert [fault for fault in sample.faults if fault.severity == "error"] == []
    assert sample.last_day == LAST
    years = (sample.nav("P001").days[-1] - sample.nav("P001").days[0]).astype(int) / 365.25
    assert years == pytest.approx(6.0, abs=0.1)
    for product in sample.products:
        returns = numpy.diff(numpy.log(sample.nav(product).values))
        assert abs(returns).max() < 0.25


def test_it_has_what_the_parts_need(sample):
    assert any(product.currency == "USD" for product in sample.products.values())
    assert any(product.issuer_level != product.seller_level for product in sample.products.values())
    assert any(client.level is None for client in sample.clients.values())
    assert {one.kind for of in sample.kept_transactions.values() for one in of} == {"buy", "sell", "dividend"}
    assert sample.splits
    assert {client.target for client in sample.clients.values()} <= sample.targets.targets.keys()
    assert sample.factors("style").keys() >= {"large_growth", "small_value"}
    assert len(sample.factors("industry")) == 10
    groups = [product.peer_group for product in sample.products.values()]
    assert all(groups.count(group) >= 5 for group in groups)


def test_it_is_the_same_at_every_run(tmp_path):
    for name in ("a", "b"):
        make_sample(tmp_path / name, date(2026, 6, 30), clients=20, products=14, years=2)
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
    dataset = load_dataset(tmp_path / "a", date(2026, 6, 30))
    assert (len(dataset.clients), len(dataset.products)) == (20, 14)
