"""The bank's data as actions: what is there, and a file in place of a table's old one."""

import base64
import binascii
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from appliance.core.errors import ConfigError, InvalidRequest, RequestError
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller, Permission
from appliance.scenario.shelf import FileState

from ..data.dataset import Dataset
from ..data.faults import Fault, errors_in, refused
from ..data.tables import REQUIRED, TABLES
from ..models import Part
from .desk import Desk, never, supervises
from .shapes import Nothing, Request

MOST_FAULTS = 200
"""Faults that one answer names; the rest are counted."""
_YAML = ("targets", "house_view")


class FaultRow(Part):
    """Something wrong with the data, and where."""

    table: str
    file: str
    row: int | None = Field(description="From 1, the header's; null: the whole file.")
    column: str | None
    severity: Literal["error", "warning"]
    text: str


class TableRow(Part):
    """One table."""

    name: str
    required: bool
    file: str | None = Field(description="Null: it is not there.")
    sha256: str | None
    rows: int | None
    columns: tuple[str, ...] = Field(description="Columns that a file may have.")


class Data(Part):
    """The data that answers this tenant."""

    made_up: bool = Field(description="The sample bank answers: nobody and nothing in it exists.")
    usable: bool = Field(description="False: the faults keep everything from being computed.")
    last_day: date | None
    tables: tuple[TableRow, ...]
    fault_count: int
    faults: tuple[FaultRow, ...] = Field(description="The first 200; only for those who may supervise.")
    reason: str | None = Field(default=None, description="Why it is not usable.")


class SupplyRequest(Request):
    """A file for a table."""

    table: Annotated[str, Field(min_length=1, max_length=40)] = Field(
        description="clients, products, holdings, transactions, nav, benchmarks, factors, rates, fx, calendar; "
        "targets, house_view."
    )
    filename: str = Field(
        min_length=1, max_length=200, description="Its ending says what it is: .csv, .parquet, .yaml."
    )
    content_base64: str = Field(min_length=1, description="The file, in base64.")


class Supplied(Part):
    """A file that was taken."""

    table: str
    file: str
    warnings: tuple[FaultRow, ...]
    missing: tuple[str, ...] = Field(description="Tables that are still missing before anything can be computed.")


class FileFault(Part):
    """Why a YAML file is not in force as it is."""

    code: str
    text: str


class ShownFile(Part):
    """One YAML file of the pack."""

    name: str
    version: str = Field(description="Changes with what is in force.")
    own: bool = Field(description="Whether the bank's own file is in force.")
    loaded_at: str
    fault: FileFault | None = Field(description="What is wrong with the bank's own file, which is not in force then.")


class ShownFiles(Part):
    """The YAML files as they are in force."""

    folder: str = Field(description="Where the bank's own files are, by the appliance's home folder.")
    data: tuple[ShownFile, ...]


class Supplying:
    """What the actions do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, _request: Nothing, caller: Caller) -> Data:
        """Show what data there is."""
        try:
            dataset = await self._desk.data(caller)
        except (RequestError, ConfigError) as error:
            tables = tuple(_table(name, None) for name in (*TABLES, *_YAML))
            return Data(
                made_up=False, usable=False, last_day=None, tables=tables, fault_count=0, faults=(),
                reason=error.render(caller.language),
            )  # fmt: skip
        shown = dataset.faults if supervises(caller) else ()
        return await self._desk.compute(_data, dataset, shown)

    async def supply(self, request: SupplyRequest, caller: Caller) -> Supplied:
        """Take a file in place of a table's old one, or say what is wrong with it."""
        return await self._desk.compute(self._supplied, request, caller.tenant)

    def _supplied(self, request: SupplyRequest, tenant: str) -> Supplied:
        try:
            content = base64.b64decode(request.content_base64, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidRequest(
                _("The content is not base64."), _("Encode the file's bytes as they are."), param="content_base64",
                code="content_not_valid",
            ) from error  # fmt: skip
        filename = Path(request.filename.replace("\\", "/")).name
        faults = self._desk.store.put_file(tenant, request.table, filename, content, self._desk.today)
        errors = errors_in(faults)
        if errors:
            raise refused(errors)
        return Supplied(
            table=request.table, file=filename, warnings=_rows(faults),
            missing=tuple(self._desk.missing(tenant)),
        )  # fmt: skip

    async def settings(self, _request: Nothing, caller: Caller) -> ShownFiles:
        """Show the YAML files."""
        states = await self._desk.compute(self._desk.shelf.states)
        return ShownFiles(
            folder=f"{self._desk.context.own_files.name}/", data=tuple(_file(one, caller.language) for one in states)
        )


def _data(dataset: Dataset, shown: Sequence[Fault]) -> Data:
    return Data(
        made_up=dataset.made_up, usable=True, last_day=dataset.last_day,
        tables=tuple(_table(name, dataset) for name in TABLES), fault_count=len(dataset.faults), faults=_rows(shown),
    )  # fmt: skip


def _table(name: str, dataset: Dataset | None) -> TableRow:
    there = dataset is not None and name in dataset.files
    table = TABLES.get(name)
    return TableRow(
        name=name, required=name in (*REQUIRED, "targets"), rows=_count(name, dataset) if dataset and there else None,
        file=dataset.files[name] if dataset and there else None,
        sha256=dataset.digests.get(name) if dataset and there else None,
        columns=tuple(column.name for column in table.columns) if table else (),
    )  # fmt: skip


def _count(name: str, dataset: Dataset) -> int:
    if name in ("clients", "products"):
        return len(getattr(dataset, name))
    if name == "calendar":
        return len(dataset.calendar.days)
    kept = {"holdings": dataset.kept_holdings, "transactions": dataset.kept_transactions}
    if name in kept:
        return sum(map(len, kept[name].values()))
    return sum(map(len, (dataset.plain if name == "nav" else dataset.series.get(name, {})).values()))


def _rows(faults: Sequence[Fault]) -> tuple[FaultRow, ...]:
    return tuple(
        FaultRow(
            table=one.table, file=one.file, row=one.row, column=one.column, severity=one.severity,
            text=str(one.message),
        )
        for one in faults[:MOST_FAULTS]
    )  # fmt: skip


def _file(state: FileState, language: str) -> ShownFile:
    fault = state.fault
    return ShownFile(
        name=state.name, version=state.version, own=state.own, loaded_at=state.loaded_at,
        fault=None if fault is None else FileFault(code=fault.code, text=fault.render(language)),
    )  # fmt: skip


def actions(supplying: Supplying) -> list[Action]:
    """Return the actions."""
    return [
        Action(
            "show-data", "Show which data answers: tables, digests, faults.", Nothing, Data, supplying.show,
            method="GET", path="data", generated=never,
        ),
        # Data is what documents are to the knowledge base: who may write there may write here, an auditor may not.
        Action(
            "supply-data", "Supply a CSV, Parquet or YAML file for a table.", SupplyRequest, Supplied,
            supplying.supply, path="data/{table}", permission=Permission.KNOWLEDGE_WRITE, spoken=True, generated=never,
            files=("content_base64",),
        ),
        Action(
            "show-settings", "Show the YAML files as they are in force.", Nothing, ShownFiles, supplying.settings,
            method="GET", path="settings", permission=Permission.SCENARIO_SUPERVISE, generated=never,
        ),
    ]  # fmt: skip
