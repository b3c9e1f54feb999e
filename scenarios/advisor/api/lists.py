"""Lists: clients, products, formulas."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, TypeVar

from pydantic import Field

from appliance.guardrails.personal.display import display
from appliance.scenario.pack import Action, Caller

from ..accounts.book import account_formulas
from ..allocation.words import formulas as allocation_formulas
from ..data.dataset import Dataset
from ..figures.formulas import Formulas
from ..figures.formulas import formulas as performance_formulas
from ..models import AssetClass, Client, ClientLevel, Currency, Part, Product, ProductLevel
from .desk import Desk, never, supervises
from .shapes import Id, Limit, Nothing, Page, Request

_Row = TypeVar("_Row")
Kind = Literal["fund", "wealth", "deposit", "insurance", "metal", "stock", "bond"]


class ClientsRequest(Request):
    """Which clients."""

    level: ClientLevel | Literal["none"] | None = Field(default=None, description="Of the assessment; none: never.")
    kind: Literal["ordinary", "professional"] | None = None
    advisor: Id | None = Field(default=None, description="Id of the relationship manager.")
    target: Id | None = Field(default=None, description="Name of the target allocation.")
    page: Page = 1
    limit: Limit = 50


class ClientRow(Part):
    """A client in a list."""

    id: str
    name: str = Field(description="Masked for callers who may not supervise, unless the bank's settings say otherwise.")
    kind: Literal["ordinary", "professional"]
    level: ClientLevel | None
    assessed_on: date | None
    currency: Currency
    target: str
    advisor: str


class Clients(Part):
    """A page of clients, by id."""

    object: Literal["list"] = "list"
    data: tuple[ClientRow, ...]
    total: int = Field(description="On all pages.")
    pages: int
    made_up: bool


class ProductsRequest(Request):
    """Which products."""

    kind: Kind | None = None
    asset_class: AssetClass | None = None
    level: ProductLevel | None = Field(default=None, description="Exactly this level, the higher of both ratings.")
    most_level: ProductLevel | None = Field(default=None, description="At most this level.")
    currency: Currency | None = None
    peer_group: Id | None = None
    issuer: Id | None = None
    query: str | None = Field(default=None, min_length=1, max_length=100, description="In id or name, either language.")
    page: Page = 1
    limit: Limit = 50


class ProductRow(Part):
    """A product in a list."""

    id: str
    name: str
    kind: Kind
    asset_class: AssetClass
    level: ProductLevel = Field(description="The higher of both ratings: the one that counts.")
    issuer_level: ProductLevel
    seller_level: ProductLevel
    currency: Currency
    term_days: int
    redeem_days: int
    minimum: float
    private: bool
    issuer: str
    peer_group: str
    values: bool = Field(description="Whether it has daily values, so that it can be diagnosed.")


class Products(Part):
    """A page of products, by id."""

    object: Literal["list"] = "list"
    data: tuple[ProductRow, ...]
    total: int = Field(description="On all pages.")
    pages: int
    made_up: bool


class FormulaRow(Part):
    """One formula."""

    name: str
    part: Literal["funds", "accounts", "allocation"] = Field(description="Where its figures stand.")
    title: str
    unit: str
    formula: str
    agrees: dict[str, str] = Field(description="Library to what gives the same, to 1e-8.")
    differs: dict[str, str] = Field(description="Library to how its own definition differs.")


class FormulaList(Part):
    """The list of formulas."""

    object: Literal["list"] = "list"
    data: tuple[FormulaRow, ...]


class Lists:
    """What the actions do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def clients(self, request: ClientsRequest, caller: Caller) -> Clients:
        """List clients."""
        dataset = await self._desk.data(caller)
        return await self._desk.compute(self._clients, dataset, request, whole=self._shows_names(caller))

    def _clients(self, dataset: Dataset, request: ClientsRequest, *, whole: bool) -> Clients:
        wanted = {name: getattr(request, name) for name in ("kind", "advisor", "target") if getattr(request, name)}
        found = [one for one in dataset.clients.values() if all(getattr(one, key) == to for key, to in wanted.items())]
        if request.level is not None:
            level = None if request.level == "none" else request.level
            found = [one for one in found if one.level == level]
        found.sort(key=lambda one: one.id)
        rows = tuple(_client_row(one, whole=whole) for one in _part(found, request.page, request.limit))
        return Clients(data=rows, total=len(found), pages=_pages(found, request.limit), made_up=dataset.made_up)

    def _shows_names(self, caller: Caller) -> bool:
        return supervises(caller) or self._desk.settings.names_for_all

    async def products(self, request: ProductsRequest, caller: Caller) -> Products:
        """List products."""
        dataset = await self._desk.data(caller)
        return await self._desk.compute(_products, dataset, request, caller.language)

    async def formulas(self, _request: Nothing, caller: Caller) -> FormulaList:
        """List the formulas."""
        return await self._desk.compute(_formulas, caller.language)


def _client_row(client: Client, *, whole: bool) -> ClientRow:
    name = client.name if whole else display("person", client.name) if client.name else ""
    return ClientRow(
        id=client.id, name=name, kind=client.kind, level=client.level, assessed_on=client.assessed_on,
        currency=client.currency, target=client.target, advisor=client.advisor,
    )  # fmt: skip


def level_of(product: Product) -> ProductLevel:
    """Return the level that counts: the higher of both ratings."""
    return max(product.issuer_level, product.seller_level)


def _products(dataset: Dataset, request: ProductsRequest, language: str) -> Products:
    names = ("kind", "asset_class", "currency", "peer_group", "issuer")
    wanted = {name: getattr(request, name) for name in names if getattr(request, name)}
    found = [one for one in dataset.products.values() if all(getattr(one, key) == to for key, to in wanted.items())]
    if request.level is not None:
        found = [one for one in found if level_of(one) == request.level]
    if request.most_level is not None:
        found = [one for one in found if level_of(one) <= request.most_level]
    if request.query is not None:
        query = request.query.casefold()
        found = [one for one in found if any(query in text.casefold() for text in (one.id, one.name.en, one.name.zh))]
    found.sort(key=lambda one: one.id)
    valued = dataset.series.get("nav", {})
    rows = tuple(
        ProductRow(
            id=one.id, name=one.name.within(language), kind=one.kind, asset_class=one.asset_class, level=level_of(one),
            issuer_level=one.issuer_level, seller_level=one.seller_level, currency=one.currency,
            term_days=one.term_days, redeem_days=one.redeem_days, minimum=one.minimum, private=one.private,
            issuer=one.issuer, peer_group=one.peer_group, values=one.id in valued,
        )
        for one in _part(found, request.page, request.limit)
    )  # fmt: skip
    return Products(data=rows, total=len(found), pages=_pages(found, request.limit), made_up=dataset.made_up)


def _formulas(language: str) -> FormulaList:
    lists: Iterable[tuple[Literal["funds", "accounts", "allocation"], Formulas]] = (
        ("funds", performance_formulas()), ("accounts", account_formulas()), ("allocation", allocation_formulas()),
    )  # fmt: skip
    return FormulaList(
        data=tuple(
            FormulaRow(
                name=name, part=part, title=one.title.within(language), unit=one.unit,
                formula=one.formula.within(language), agrees={str(key): to for key, to in one.agrees.items()},
                differs={str(key): to.within(language) for key, to in one.differs.items()},
            )
            for part, formulas in lists
            for name, one in formulas.formulas.items()
        )
    )  # fmt: skip


def _part(found: Sequence[_Row], page: int, limit: int) -> Sequence[_Row]:
    return found[(page - 1) * limit : page * limit]


def _pages(found: Sequence[object], limit: int) -> int:
    return max(1, -(-len(found) // limit))


def actions(lists: Lists) -> list[Action]:
    """Return the actions."""
    return [
        Action(
            "list-clients", "List clients.", ClientsRequest, Clients, lists.clients,
            method="GET", path="clients", generated=never,
        ),
        Action(
            "list-products", "List products.", ProductsRequest, Products, lists.products,
            method="GET", path="products", generated=never,
        ),
        Action(
            "list-formulas", "List the formulas of all figures, and what other libraries give.", Nothing, FormulaList,
            lists.formulas, method="GET", path="formulas", generated=never,
        ),
    ]  # fmt: skip
