"""Made-up assets and returns for tests of one part."""

import numpy

from scenarios.advisor.allocation.limits import limits_of
from scenarios.advisor.allocation.request import Limits
from scenarios.advisor.allocation.universe import Asset, Universe
from scenarios.advisor.allocation.words import Speaker
from tests.unit.scenario.advisor.conftest import LAST

CLASSES = ("cash", "bond", "equity", "equity", "alternative", "commodity")
LEVELS = {"cash": "R1", "bond": "R2", "equity": "R4", "alternative": "R4", "commodity": "R3"}


def assets(count, classes=CLASSES):
    return tuple(
        Asset(f"A{at:02}", f"asset {at}", classes[at % len(classes)], LEVELS[classes[at % len(classes)]],
              f"issuer {at % 4}", (1, 2, 3, 180)[at % 4])
        for at in range(count)
    )  # fmt: skip


def universe(count, now=None, kept=(), classes=CLASSES):
    return Universe(assets(count, classes), tuple(now or [0.0] * count), tuple(kept), {}, None, ())


def limits(of, request=None, bank=None, target=None, means=None):
    stated = [("bank", Limits(**(bank or {}))), ("request", Limits(**(request or {})))]
    return limits_of(of, stated, target, means, LAST, Speaker("en"))


def returns(count, days=400, seed=7):
    """Returns of a day of one market and each asset's own noise, the assets' spreads from 0.01 % to 2 %."""
    source = numpy.random.default_rng(seed)
    spread = numpy.linspace(0.0001, 0.02, count)
    market = source.normal(0.0003, 1.0, (days, 1))
    return (0.6 * market + 0.8 * source.normal(0.02, 1.0, (days, count))) * spread
