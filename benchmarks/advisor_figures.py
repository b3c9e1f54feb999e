"""Figures of the advisor beside those of quantstats and skfolio, on the same series.

    python benchmarks/advisor_figures.py [--products P003,P001] [--json FILE]

In process, on the sample bank. For each formula of scenarios/advisor/figures/formulas.yaml: our value, what the call
named there gives, the largest difference over the products, or why the definitions differ. Then what a diagnosis costs,
in milliseconds of a core, without charts and for each chart.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy

sys.path.insert(0, str(Path(__file__).parent.parent))

from scenarios.advisor.data.dataset import Dataset
from scenarios.advisor.data.loading import load_dataset
from scenarios.advisor.data.sample import make_sample
from scenarios.advisor.figures import PERIODS, formulas, performance, rolling
from scenarios.advisor.funds import CHARTS, diagnose
from scenarios.advisor.models import Series

LAST = date(2026, 10, 30)
PRODUCTS = ("P002", "P003", "P005", "P006", "P008", "P009", "P010", "P012")
WINDOW = 126
RUNS = 9


def symbols(
    series: Series, benchmark: Series, risk_free: Series | float, periods: int = PERIODS, window: int = WINDOW
) -> dict[str, Any]:
    """Return the symbols of the list of formulas as pandas has them; both series must be of the same days."""
    import pandas

    index = pandas.DatetimeIndex(series.days)
    r = pandas.Series(series.values, index=index).pct_change().iloc[1:]
    b = pandas.Series(benchmark.values, index=index).pct_change().iloc[1:]
    rf: Any = risk_free
    if isinstance(risk_free, Series):
        rates = pandas.Series(risk_free.values, index=pandas.DatetimeIndex(risk_free.days))
        rf = rates.reindex(r.index).ffill().bfill()
    f = (1.0 + rf) ** (1.0 / periods) - 1.0
    more = {"sqrt": numpy.sqrt, "column_stack": numpy.column_stack}
    return {"r": r, "b": b, "f": f, "e": r - f, "eb": b - f, "rf": rf, "N": periods, "w": window, **more}


def of_library(library: str, call: str, known: dict[str, Any]) -> Any:  # noqa: ANN401 - a number or a pandas series
    """Return what a call of the list gives: its functions are those of `quantstats.stats` or `skfolio.measures`."""
    if library == "quantstats":
        import quantstats.stats as functions
    else:
        import skfolio.measures as functions
    space = {name: getattr(functions, name) for name in dir(functions) if not name.startswith("_")}
    return eval(call, {"__builtins__": {}}, {**space, **known})


def difference(ours: Any, theirs: Any) -> float:  # noqa: ANN401
    """Return the largest difference, as a part of the value where that is over 1."""
    mine, its = (numpy.atleast_1d(numpy.asarray(one, dtype=float)) for one in (ours, theirs))
    its = its[len(its) - len(mine) :]
    return float(numpy.max(numpy.abs(mine - its) / numpy.maximum(1.0, numpy.abs(its))))


def compared(series: Series, benchmark: Series, risk_free: Series) -> Iterator[tuple[str, Any, str, Any]]:
    """Yield (formula, our value, library, its value) for each call in the list."""
    known = symbols(series, benchmark, risk_free)
    ours: dict[str, Any] = {name: one.value for name, one in performance(series, benchmark, risk_free).items()}
    ours |= {name: one.values for name, one in rolling(series, benchmark, risk_free, WINDOW).items()}
    for name, formula in formulas().formulas.items():
        for library, call in formula.agrees.items():
            if ours[name] is not None:
                yield name, ours[name], library, of_library(library, call, known)


def table_of(data: Dataset, products: list[str]) -> dict[str, dict[str, Any]]:
    """Return rows by formula: the first product's values and the largest difference over all."""
    rows: dict[str, dict[str, Any]] = {
        name: {"ours": None, **{library: words.en for library, words in one.differs.items()}}
        for name, one in formulas().formulas.items()
        if one.kind != "fund"
    }
    for product in products:
        benchmark = data.benchmark(data.product(product).benchmark)
        if product == products[0]:
            own = performance(data.nav(product), benchmark, data.rate("risk_free"))
            for name in own.keys() & rows.keys():
                rows[name]["ours"] = own[name].value
        for name, ours, library, theirs in compared(data.nav(product), benchmark, data.rate("risk_free")):
            row = rows[name]
            if row["ours"] is None:
                row["ours"] = float(numpy.atleast_1d(ours)[-1])
            if product == products[0]:
                row[library] = float(numpy.atleast_1d(theirs)[-1])
            key = f"{library}_difference"
            row[key] = max(row.get(key, 0.0), difference(ours, theirs))
    return rows


def times_of(data: Dataset, product: str) -> dict[str, float]:
    """Return milliseconds of a core: the diagnosis without charts, and what each chart adds."""

    def cost(charts: tuple[str, ...]) -> float:
        runs = []
        for _run in range(RUNS):
            begin = time.process_time()
            diagnose(data, product, None, "zh_CN", charts=charts)
            runs.append(time.process_time() - begin)
        return statistics.median(runs) * 1000.0

    diagnose(data, product, None, "zh_CN")
    plain = cost(())
    return {"diagnosis": plain, **{name: cost((name,)) - plain for name in CHARTS}}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", default=",".join(PRODUCTS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    products = options.products.split(",")
    with tempfile.TemporaryDirectory() as folder:
        make_sample(Path(folder), LAST)
        data = load_dataset(Path(folder), LAST)
    rows, times = table_of(data, products), times_of(data, products[0])
    print(f"{'figure':<24}{'ours':>16}{'quantstats':>16}{'skfolio':>16}{'difference':>12}")
    for name, row in rows.items():
        cells = [row.get(one) for one in ("ours", "quantstats", "skfolio")]
        texts = [f"{one:>16.9f}" if isinstance(one, float) else f"{'differs' if one else '-':>16}" for one in cells]
        found = [row[key] for key in ("quantstats_difference", "skfolio_difference") if key in row]
        print(f"{name:<24}{''.join(texts)}{f'{max(found):>12.1e}' if found else ''}")
        for library in ("quantstats", "skfolio"):
            if isinstance(row.get(library), str):
                print(f"{'':<24}{library}: {row[library]}")
    worst = max(value for row in rows.values() for key, value in row.items() if key.endswith("_difference"))
    print(f"\nlargest difference over {len(products)} products: {worst:.1e}")
    print("\n".join(f"{name:<24}{value:8.1f} ms of a core" for name, value in times.items()))
    if options.json:
        options.json.write_text(json.dumps({"figures": rows, "times_ms": times}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
