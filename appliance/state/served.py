"""What serves each model alias: variants under one revision, which a change must name."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from sqlalchemy import RowMapping, delete, func, insert, select, update

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import Conflict
from appliance.core.messages import _
from appliance.state.accounts.tenants import names_below, tenant_named
from appliance.state.database import Database
from appliance.state.served_tables import served_directory, served_figures, served_variants
from appliance.state.tables import tenants

POLL_S: Final = 1.0
"""How often whoever sends requests to models looks for another revision."""

Slot = Literal["stable", "candidate", "previous"]
State = Literal["starting", "ready", "stopped"]

_THE_ONE: Final = 1


@dataclass(frozen=True)
class Variant:
    """One version of a model behind an alias. Only one that is `ready` gets requests, and never a `previous` one."""

    alias: str
    slot: Slot
    package: str
    release_counter: int | None
    """None: a folder below models/ that no package installed."""
    version: str
    application: str
    context_length: int
    """As it is served, in tokens."""
    languages: tuple[str, ...]
    state: State = "starting"
    share: int = 0
    """Percent of the requests that go to a candidate."""
    tenants: tuple[str, ...] = ()
    """Tenants whose requests, and those of every tenant below them, all go to a candidate."""
    since: str = ""
    by: str = ""

    @property
    def label(self) -> str:
        """Package and version, as callers, logs and the audit name it."""
        return f"{self.package}:{self.version}"

    @property
    def serves(self) -> bool:
        """Whether requests may be sent to it."""
        return self.state == "ready" and self.slot != "previous"

    def same_files(self, other: "Variant") -> bool:
        """Tell whether two variants are of the same release."""
        mine, theirs = ((one.package, one.release_counter, one.version) for one in (self, other))
        return mine == theirs

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "alias": self.alias, "slot": self.slot, "package": self.package, "release_counter": self.release_counter,
            "version": self.version, "application": self.application, "context_length": self.context_length,
            "languages": list(self.languages), "state": self.state, "share": self.share, "tenants": list(self.tenants),
            "since": self.since, "by": self.by,
        }  # fmt: skip


@dataclass(frozen=True)
class ServedDirectory:
    """Every variant at one moment."""

    revision: int = -1
    variants: tuple[Variant, ...] = ()
    tenants: int = field(default=0, compare=False)
    """How many tenants there were: one that is added may stand below one that is named."""
    below: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False)
    """The tenants below each one that a variant names."""

    @property
    def stamp(self) -> tuple[int, int]:
        """What differs from one that is out of date."""
        return self.revision, self.tenants

    def line(self, tenant: str) -> frozenset[str]:
        """Return a tenant with those above it that a variant names."""
        return frozenset((tenant, *(name for name, below in self.below.items() if tenant in below)))

    def get(self, alias: str, slot: Slot) -> Variant | None:
        """Return the variant in a slot."""
        return next((one for one in self.variants if (one.alias, one.slot) == (alias, slot)), None)

    def of(self, alias: str) -> tuple[Variant, ...]:
        """Return the variants of an alias."""
        return tuple(one for one in self.variants if one.alias == alias)

    def applications(self) -> frozenset[str]:
        """Return the applications that may get requests."""
        return frozenset(one.application for one in self.variants if one.serves)

    def by_application(self, name: str) -> Variant | None:
        """Return what an application serves; the one that is to get requests goes before one that is stopped."""
        found = [one for one in self.variants if one.application == name]
        return next((one for one in found if one.slot != "previous"), found[0] if found else None)


class Served:
    """Reads and changes the directory."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def revision(self) -> int:
        """Return the revision alone: one small read. Raises `Unavailable`."""
        with self._database.read() as connection:
            return int(connection.scalar(select(served_directory.c.revision)) or 0)

    def stamp(self) -> tuple[int, int]:
        """Return the stamp of the directory as it is now: one small read. Raises `Unavailable`."""
        count = select(func.count()).select_from(tenants).scalar_subquery()
        with self._database.read() as connection:
            found = connection.execute(select(select(served_directory.c.revision).scalar_subquery(), count)).one()
        return int(found[0] or 0), int(found[1])

    def read(self) -> ServedDirectory:
        """Return revision and variants of one moment. Raises `Unavailable`."""
        joined = served_directory.outerjoin(served_variants, served_directory.c.id == _THE_ONE)
        asked = select(served_directory.c.revision, served_variants).select_from(joined)
        order = (served_variants.c.alias, served_variants.c.slot)
        with self._database.read() as connection:  # one statement: a change in between would mix two directories
            rows = connection.execute(asked.order_by(*order)).mappings().all()
            variants = tuple(_variant(row) for row in rows if row["alias"] is not None)
            count = int(connection.scalar(select(func.count()).select_from(tenants)) or 0)
            below = {name: names_below(connection, name) for one in variants for name in one.tenants}
        return ServedDirectory(int(rows[0]["revision"]) if rows else 0, variants, count, below)

    def check_tenants(self, names: Iterable[str]) -> None:
        """Raise `NotFound` for a tenant that is not there."""
        with self._database.read() as connection:
            for name in names:
                tenant_named(connection, name)

    def change(self, base: ServedDirectory, alias: str, variants: Iterable[Variant]) -> ServedDirectory:
        """Let `variants` be those of an alias, and return the directory with its next revision.

        Raises `Conflict` where the directory is no longer `base`; nothing is changed then.
        """
        others = tuple(one for one in base.variants if one.alias != alias)
        return self.replace(base, (*others, *variants))

    def replace(self, base: ServedDirectory, variants: Iterable[Variant]) -> ServedDirectory:
        """Let `variants` be all there are. Raises as `change`."""
        after = ServedDirectory(base.revision + 1, tuple(variants))
        with self._database.write() as connection:
            this = (served_directory.c.id == _THE_ONE, served_directory.c.revision == base.revision)
            done = connection.execute(update(served_directory).where(*this).values(revision=after.revision))
            if done.rowcount != 1:
                raise Conflict(
                    _("Somebody else has changed what is served in the meantime; nothing was changed here."),
                    _("Look at `appliance model show ALIAS`, then try again."),
                    code="served_changed",
                )
            connection.execute(delete(served_variants))
            if after.variants:
                connection.execute(insert(served_variants), [_row(one) for one in after.variants])
        return after

    def note_figures(self, variant: Variant, figures: Mapping[str, Any]) -> None:
        """Keep what was measured of a version; it stands until it is measured again."""
        this = (
            served_figures.c.alias == variant.alias,
            served_figures.c.package == variant.package,
            served_figures.c.version == variant.version,
        )
        with self._database.write() as connection:
            connection.execute(delete(served_figures).where(*this))
            connection.execute(
                insert(served_figures).values(
                    alias=variant.alias, package=variant.package, version=variant.version,
                    measured_at=iso(self._clock()), figures=json.dumps(figures),
                )
            )  # fmt: skip

    def figures(self, alias: str) -> dict[str, dict[str, Any]]:
        """Return what was measured, by the label of the version; `measured_at` says when."""
        asked = select(served_figures).where(served_figures.c.alias == alias)
        with self._database.read() as connection:
            rows = connection.execute(asked).mappings().all()
        return {
            f"{row['package']}:{row['version']}": {**json.loads(row["figures"]), "measured_at": row["measured_at"]}
            for row in rows
        }


def _variant(row: RowMapping) -> Variant:
    return Variant(
        alias=row["alias"],
        slot=cast("Slot", row["slot"]),
        package=row["package"],
        release_counter=row["release_counter"],
        version=row["version"],
        application=row["application"],
        context_length=row["context_length"],
        languages=tuple(json.loads(row["languages"])),
        state=cast("State", row["state"]),
        share=row["share"],
        tenants=tuple(json.loads(row["tenants"])),
        since=row["since"],
        by=row["set_by"],
    )


def _row(one: Variant) -> dict[str, Any]:
    values = one.to_dict()
    lists = {name: json.dumps(values[name]) for name in ("languages", "tenants")}
    return {**{name: value for name, value in values.items() if name != "by"}, **lists, "set_by": one.by}
