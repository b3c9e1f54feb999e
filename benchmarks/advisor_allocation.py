"""Allocation of 50 made-up assets: what each method takes, its frontier, its test on the past, and conflicts.

    python benchmarks/advisor_allocation.py [--assets 50] [--rounds 5] [--json FILE]

In process, medians of some rounds after one that is not counted; wall time and processor time, since the machine may be
busy. Imports are timed apart, in a process of their own. `weights` is what the issue's 2 s are about: moments, limits
(19 of them, at most 15 products) and weights.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).parent.parent))

from appliance.scenario.words import Words
from benchmarks.machine import describe
from scenarios.advisor.allocation.backtest import walk_forward
from scenarios.advisor.allocation.estimators import Settings
from scenarios.advisor.allocation.feasibility import Region
from scenarios.advisor.allocation.frontier import frontier_of
from scenarios.advisor.allocation.limits import Limit, limits_of
from scenarios.advisor.allocation.optimising import optimise
from scenarios.advisor.allocation.request import Backtest, Limits
from scenarios.advisor.allocation.returns import Floats, Returns
from scenarios.advisor.allocation.universe import Asset, Universe
from scenarios.advisor.allocation.words import Speaker
from scenarios.advisor.data.targets import View

METHODS = ("mean_variance", "risk_parity", "hierarchical_risk_parity", "cvar", "black_litterman")
CLASSES = ("cash", "bond", "equity", "equity", "alternative", "commodity", "insurance")
LEVELS = {"cash": "R1", "bond": "R2", "equity": "R4", "alternative": "R4", "commodity": "R3", "insurance": "R2"}
DAYS = 756
HISTORY = 1480
IMPORT = "import time; t = time.perf_counter(); import skfolio.optimization; print(time.perf_counter() - t)"


def universe_of(count: int) -> Universe:
    """Return assets of all classes, evenly held."""
    assets = tuple(
        Asset(f"A{at:03}", f"asset {at}", of, LEVELS[of], f"issuer {at % 7}", (1, 2, 5, 180)[at % 4])  # type: ignore[arg-type]
        for at, of in ((at, CLASSES[at % len(CLASSES)]) for at in range(count))
    )
    return Universe(assets, tuple([1.0 / count] * count), (), {}, None, ())


def limits_for(universe: Universe, equity: float) -> list[Limit]:
    """Return the limits of a bank; with much `equity` they conflict."""
    asked = Limits.model_validate({
        "each_product": 0.2, "each_issuer": 0.4, "above_levels": {"R3": 0.5, "R4": 0.1}, "cash_minimum": 0.05,
        "classes": {
            "equity": {"minimum": equity, "maximum": 0.9}, "bond": {"minimum": 0.1, "maximum": 0.6},
            "cash": {"maximum": 0.4}, "commodity": {"maximum": 0.15}, "alternative": {"maximum": 0.2},
            "insurance": {"maximum": 0.2},
        },
        "liquidity": [{"within_days": 1, "minimum": 0.1}, {"within_days": 7, "minimum": 0.3}],
        "turnover": 0.9, "products_at_most": 15,
    })  # fmt: skip
    return limits_of(universe, (("request", asked),), None, None, date(2026, 10, 30), Speaker("en"))


def returns_of(count: int) -> Returns:
    """Return made-up returns with one market, of spreads from 0.05 % to 2 % a day."""
    source = numpy.random.default_rng(11)
    spread = numpy.linspace(0.0005, 0.02, count)
    values = (0.6 * source.standard_t(5, (HISTORY, 1)) + 0.8 * source.normal(0.02, 1.0, (HISTORY, count))) * spread
    return Returns(numpy.datetime64("2020-01-01") + numpy.arange(HISTORY), numpy.clip(values, -0.19, 0.19), ())


def settings_of(method: str, universe: Universe) -> Settings:
    """Return a method's settings with two views."""
    why = Words(en="a view", zh="观点")
    views = (
        View(asset="equity", against="bond", expected=0.03, confidence=0.5, reason=why),
        View(asset="commodity", expected=0.02, confidence=0.3, reason=why),
    )
    aim = "utility" if method in ("mean_variance", "black_litterman") else "minimum_risk"
    return Settings(
        method, aim, classes=tuple(one.asset_class for one in universe.assets), views=views, risk_free=0.018
    )  # type: ignore[arg-type]


def timed(work: Callable[[], object], rounds: int) -> dict[str, float]:
    """Return median milliseconds, of the wall and of the processor."""
    work()
    wall, processor = [], []
    for _round in range(rounds):
        begun, used = time.perf_counter(), time.process_time()
        work()
        wall.append(1000.0 * (time.perf_counter() - begun))
        processor.append(1000.0 * (time.process_time() - used))
    return {"wall_ms": round(statistics.median(wall), 1), "cpu_ms": round(statistics.median(processor), 1)}


def measure(count: int, rounds: int) -> list[dict[str, object]]:
    """Return the rows of the table."""
    universe, history = universe_of(count), returns_of(count)
    region = Region(count, 1.0, universe.now)
    limits, conflicting = limits_for(universe, 0.2), limits_for(universe, 0.7)
    past: Floats = history.values[-DAYS:]
    rows: list[dict[str, object]] = []
    for method in METHODS:
        settings = settings_of(method, universe)
        rows.append(
            {"what": f"{method}: weights", **timed(lambda s=settings: optimise(past, s, limits, region), rounds)}
        )
    for method in METHODS:
        settings = settings_of(method, universe)
        work = lambda s=settings: walk_forward(  # noqa: E731
            history, s, limits, region, Backtest(), DAYS, (numpy.zeros(count), numpy.zeros(count)), None
        )
        rows.append({"what": f"{method}: walk-forward, 12 windows", **timed(work, 1)})
    calm = settings_of("mean_variance", universe)
    rows.append({"what": "frontier of 6 points", **timed(lambda: frontier_of(past, calm, limits, region, 6), rounds)})
    rows.append({"what": "limits can hold", **timed(lambda: region.possible(limits), rounds)})
    rows.append({"what": "which limits conflict", **timed(lambda: region.clash(conflicting), rounds)})
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    machine = describe()
    imported = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    print(f"import of skfolio: {1000.0 * float(imported.stdout):.0f} ms; load before: {machine['load_before']}")
    rows = measure(options.assets, options.rounds)
    for row in rows:
        print(f"{row['what']:45} {row['wall_ms']:>10} ms wall {row['cpu_ms']:>10} ms cpu")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
