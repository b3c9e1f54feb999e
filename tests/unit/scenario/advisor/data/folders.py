"""A small bank of three products for tests that change its files."""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

TODAY = date(2026, 3, 31)
DAYS = [date(2026, 1, 5) + timedelta(days=at) for at in range(60)]
DAYS = [day for day in DAYS if day.weekday() < 5]

PRODUCTS = [
    {"id": "P1", "name_en": "One", "name_zh": "甲", "kind": "fund", "asset_class": "equity", "issuer_level": "R4",
     "seller_level": "R4", "currency": "CNY"},
    {"id": "P2", "name_en": "Two", "name_zh": "乙", "kind": "fund", "asset_class": "bond", "issuer_level": "R2",
     "seller_level": "R2", "currency": "CNY"},
    {"id": "P3", "name_en": "Three", "name_zh": "丙", "kind": "fund", "asset_class": "cash", "issuer_level": "R1",
     "seller_level": "R1", "currency": "CNY"},
]  # fmt: skip
CLIENTS = [{"id": "C1", "name": "Client", "birth_date": "1980-05-01", "level": "C3", "target": "balanced"}]
HOLDINGS = [
    {
        "client": "C1",
        "product": product,
        "units": "1000",
        "cost": "1000",
        "bought_on": "2026-01-05",
        "as_of": "2026-03-02",
    }
    for product in ("P1", "P2", "P3")
]
NAV = [
    {"product": product, "day": str(day), "nav": f"{1.0 + slope * at:.4f}"}
    for product, slope in (("P1", 0.002), ("P2", 0.0005), ("P3", 0.0001))
    for at, day in enumerate(DAYS)
]
TARGETS = """
targets:
  balanced:
    title: {en: Balanced, zh: 平衡型}
    weights: {cash: 0.2, bond: 0.4, equity: 0.4}
"""


def text_of(rows: Sequence[Mapping[str, object]], separator: str = ",") -> str:
    heads = list(dict.fromkeys(head for row in rows for head in row))
    lines = [heads, *([str(row.get(head, "")) for head in heads] for row in rows)]
    return "\n".join(separator.join(_quoted(cell, separator) for cell in line) for line in lines) + "\n"


def make_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    calendar = [{"day": str(day)} for day in DAYS]
    tables = {"products": PRODUCTS, "clients": CLIENTS, "holdings": HOLDINGS, "nav": NAV, "calendar": calendar}
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text(text_of(rows), encoding="utf-8")
    (folder / "targets.yaml").write_text(TARGETS, encoding="utf-8")
    return folder


def changed(folder: Path, table: str, change: Callable[[list[dict[str, str]]], list[dict[str, str]] | None]) -> None:
    """Rewrite a table after `change`, which changes its rows or returns others."""
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    path.write_text(text_of(change(rows) or rows), encoding="utf-8")


def _quoted(cell: str, separator: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if {separator, '"', "\n"} & set(cell) else cell
