"""Tenants in a tree: the head office, branches, departments. A tenant stays where it was made."""

import re
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Row, func, insert, select

from appliance.core.authority import Permission, authorize
from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.core.principal import PLATFORM_TENANT, Principal
from appliance.state.database import Database
from appliance.state.tables import tenants

MOST_LEVELS = 8
TITLE_LIMIT = 200

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Tenant:
    """One tenant. `path` has the names from the head office down to it, each with a slash behind."""

    name: str
    title: str
    parent: str | None
    path: str
    created_at: str

    @property
    def line(self) -> tuple[str, ...]:
        """The names from the head office down to this one."""
        return tuple(self.path.split("/")[:-1])

    def to_dict(self) -> dict[str, object]:
        """Return the fields as `appliance tenant list --json` prints them."""
        return asdict(self)


class Tenants:
    """Adds and lists tenants; each method is one transaction."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, title: str = "", parent: str = PLATFORM_TENANT, by: Principal | None = None) -> Tenant:
        """Add a tenant below `parent`. Without `by` the operator at the machine asks, who may do everything.

        Raises `InvalidRequest`, `Conflict` for a name that is taken, `NotFound` for the parent, `PermissionDenied`.
        """
        if not title.isprintable() or len(title) > TITLE_LIMIT:
            raise InvalidRequest(
                _("A title has at most {limit} printable characters.", limit=TITLE_LIMIT), param="title"
            )
        if by is not None:
            authorize(by, Permission.TENANTS_MANAGE, tenant=parent, missing=no_tenant(parent))
        with self._database.write() as connection:
            if find_tenant(connection, name) is not None:
                raise Conflict(
                    _("The tenant {tenant} is there already.", tenant=name),
                    _("Choose another name."),
                    code="name_taken",
                )
            return insert_tenant(connection, name, title, parent, iso(self._clock()))

    def get(self, name: str) -> Tenant:
        """Return a tenant. Raises `NotFound`."""
        with self._database.read() as connection:
            return tenant_named(connection, name)

    def list(self, by: Principal | None = None) -> tuple[Tenant, ...]:
        """Return the tenants that `by` reaches, each behind its parent."""
        with self._database.read() as connection:
            found = [_tenant(row) for row in connection.execute(select(tenants).order_by(tenants.c.path))]
        return tuple(tenant for tenant in found if by is None or by.reaches(tenant.name))

    def below(self, name: str) -> frozenset[str]:
        """Return the names of the tenants below one."""
        with self._database.read() as connection:
            return names_below(connection, name)


def names_below(connection: Connection, name: str) -> frozenset[str]:
    """Return the names of the tenants below `name`."""
    top = select(tenants.c.path).where(tenants.c.name == name).scalar_subquery()
    below = func.substr(tenants.c.path, 1, func.length(top)) == top
    query = select(tenants.c.name).where(below, tenants.c.name != name)
    return frozenset(connection.scalars(query))


def find_tenant(connection: Connection, name: str) -> Tenant | None:
    """Return the tenant of this name, or None."""
    if not _NAME.fullmatch(name):  # PostgreSQL takes not every text that an address can hold
        return None
    row = connection.execute(select(tenants).where(tenants.c.name == name)).one_or_none()
    return None if row is None else _tenant(row)


def tenant_named(connection: Connection, name: str) -> Tenant:
    """Return the tenant of this name. Raises `NotFound`."""
    found = find_tenant(connection, name)
    if found is None:
        raise no_tenant(name)
    return found


def insert_tenant(connection: Connection, name: str, title: str, parent: str, now: str) -> Tenant:
    """Insert a tenant whose name is free. Raises `InvalidRequest`, `NotFound` for the parent."""
    check_tenant_name(name)
    above = tenant_named(connection, parent)
    if len(above.line) >= MOST_LEVELS:
        raise InvalidRequest(
            _("Tenants may stand {most} levels deep, and {parent} is on the last.", most=MOST_LEVELS, parent=parent),
            _("Put the new one below a tenant further up."),
            param="parent",
        )
    made = Tenant(name, title.strip() or name, parent, f"{above.path}{name}/", now)
    connection.execute(insert(tenants).values(**asdict(made)))
    return made


def check_tenant_name(name: str) -> None:
    """Raise `InvalidRequest` for a name that no tenant can have."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            _("The tenant {tenant} cannot be used.", tenant=ascii(name)),
            _("Use up to 64 of a–z, 0–9, - and _, starting with a letter or digit."),
            param="tenant",
        )


def no_tenant(name: str) -> NotFound:
    """Return the error for a tenant that is not there, or not for the caller."""
    return NotFound(
        _("There is no tenant {tenant}.", tenant=ascii(name[:80])),
        _("`appliance tenant list` shows every tenant."),
        param="tenant",
    )


def _tenant(row: Row[tuple[object, ...]]) -> Tenant:
    return Tenant(row.name, row.title, row.parent, row.path, row.created_at)
