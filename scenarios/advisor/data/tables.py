"""The tables that a bank supplies: their columns, and what each column may hold."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "day", "number", "whole", "choice", "flag"]


@dataclass(frozen=True)
class Column:
    """One column. A cell that is empty, or a column that is not there, has `default`; None with `required`: a fault.

    Numbers are at least `least`, or above it where `above` is set.
    """

    name: str
    kind: Kind = "text"
    required: bool = True
    default: str | float | None = None
    least: float | None = None
    above: bool = False
    most: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table: `key` names the columns whose values are found once, `series` tells that each key has daily values."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    series: bool = False

    def column(self, name: str) -> Column:
        """Return the column of a name. Raises `StopIteration`."""
        return next(column for column in self.columns if column.name == name)


_LEVELS = ("C1", "C2", "C3", "C4", "C5")
_RISKS = ("R1", "R2", "R3", "R4", "R5")
CURRENCIES: Final = ("CNY", "USD", "HKD", "EUR")
_CURRENCY = Column("currency", "choice", required=False, default="CNY", choices=CURRENCIES)


def _text(name: str, default: str | None = None) -> Column:
    return Column(name, required=default is None, default=default)


def _positive(name: str, default: float | None = None) -> Column:
    return Column(name, "number", required=default is None, default=default, least=0.0, above=True)


def _amount(name: str, default: float | None = None, most: float | None = None) -> Column:
    return Column(name, "number", required=default is None, default=default, least=0.0, most=most)


def _days(name: str, default: float | None = None, *, required: bool = False) -> Column:
    return Column(name, "whole", required=required, default=default, least=0.0)


_ALL = (
    Table("clients", (
        _text("id"), _text("name"), Column("birth_date", "day"),
        Column("kind", "choice", required=False, default="ordinary", choices=("ordinary", "professional")),
        Column("level", "choice", required=False, choices=_LEVELS), Column("assessed_on", "day", required=False),
        _CURRENCY, _text("target"), _amount("cash_need", 0.0), _days("horizon_days"), _text("advisor", ""),
    ), ("id",)),
    Table("products", (
        _text("id"), _text("name_en"), _text("name_zh"),
        Column("kind", "choice", choices=("fund", "wealth", "deposit", "insurance", "metal", "stock", "bond")),
        Column("asset_class", "choice", choices=("cash", "bond", "equity", "alternative", "commodity", "insurance")),
        Column("issuer_level", "choice", choices=_RISKS), Column("seller_level", "choice", choices=_RISKS), _CURRENCY,
        _days("term_days", 0), _days("redeem_days", 1), _amount("minimum", 0.0),
        Column("private", "flag", required=False, default="false"), _text("issuer", ""), _text("peer_group", ""),
        _text("benchmark", ""), _amount("management_fee", 0.0, 1.0), _amount("custody_fee", 0.0, 1.0),
        _amount("front_fee", 0.0, 1.0), _text("back_fees", ""), _text("industries", ""), _text("constituents", ""),
        _text("manager", ""), Column("started_on", "day", required=False),
    ), ("id",)),
    Table("holdings", (
        _text("client"), _text("product"), _amount("units"), _amount("cost"), Column("bought_on", "day"),
        Column("as_of", "day"),
    ), ("client", "product", "bought_on", "as_of")),
    Table("transactions", (
        _text("id"), _text("client"), _text("product", ""),
        Column("kind", "choice", choices=("buy", "sell", "dividend", "deposit", "withdrawal", "fee")),
        Column("day", "day"), _amount("units", 0.0), _amount("amount"), _CURRENCY,
    ), ("id",)),
    Table("nav", (
        _text("product"), Column("day", "day"), _positive("nav"), _amount("payout", 0.0), _positive("split", 1.0),
    ), ("product", "day"), series=True),
    Table("benchmarks", (_text("name"), Column("day", "day"), _positive("value")), ("name", "day"), series=True),
    Table("factors", (
        _text("name"), Column("kind", "choice", choices=("style", "industry")), Column("day", "day"),
        _positive("value"),
    ), ("name", "day"), series=True),
    Table("rates", (
        _text("name"), Column("day", "day"), Column("rate", "number", least=-0.1, most=1.0),
    ), ("name", "day")),
    Table("fx", (
        Column("currency", "choice", choices=CURRENCIES), Column("day", "day"), _positive("cny"),
    ), ("currency", "day"), series=True),
    Table("calendar", (Column("day", "day"),), ("day",)),
)  # fmt: skip

TABLES: Final = {table.name: table for table in _ALL}
REQUIRED: Final = ("clients", "products", "holdings", "nav", "calendar")
"""Tables without which nothing can be said; the others may be missing."""
