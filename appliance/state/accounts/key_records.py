"""What the database holds of a key, and the chain from a key up to whoever made it.

A key is worth something only while each key and user above it is, and may still do what it gave: revoking or
disabling one stops everything made with it, from the next request on.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Connection, RowMapping, bindparam, literal, select

from appliance.core.authority import Grants, role_covers
from appliance.core.principal import EVERYTHING, PRIORITIES, Principal, Priority, Scopes, reaches_below
from appliance.state.tables import api_keys, tenants, users

MOST_GENERATIONS: Final = 8
"""Keys above each other."""

KeyState = Literal["active", "expired", "revoked", "stopped"]
_SCOPES = ("models", "scenarios", "knowledge_bases")


@dataclass(frozen=True)
class KeyRecord:
    """A key without its secret. `id` is its public part; times are RFC 3339 in UTC."""

    id: str
    name: str
    tenant: str
    role: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    scopes: Scopes = EVERYTHING
    networks: tuple[str, ...] = ()
    priority: Priority = "interactive"
    parent: str | None = None
    """The key (`lma-…`) or user (`lmu-…`) that made it; None: the operator at the machine."""
    user_id: str | None = None
    """The person whose key it is."""
    replaced_by: str | None = None
    """Its successor, once it has been rotated."""
    last_used: str | None = None
    """The last day on which it was used."""
    stopped_by: str | None = field(default=None, compare=False)
    """The key or user above it that has ended; told by `KeyRing.list` alone."""

    def state(self, now: str) -> KeyState:
        """Return what the key is worth at `now` (RFC 3339 with milliseconds, as `iso` gives)."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "active" if self.stopped_by is None else "stopped"

    def to_dict(self, now: str) -> dict[str, object]:
        """Return the fields and the state, as `appliance key list --json` prints them."""
        names = {kind: _sorted(getattr(self.scopes, kind)) for kind in _SCOPES}
        return {**asdict(self), "scopes": names, "networks": list(self.networks), "state": self.state(now)}

    @property
    def grants(self) -> Grants:
        """What the key gives, as checks of "never stronger than its parent" take it."""
        return Grants(self.role, self.tenant, self.scopes, self.networks, self.expires_at, self.priority)

    def principal(self, descendants: frozenset[str] = frozenset()) -> Principal:
        """Return who asks with this key; `descendants` are the tenants below its own."""
        return Principal(
            self.tenant, self.role, self.id, self.scopes, descendants, self.user_id,
            self.priority, self.networks, self.expires_at,
        )  # fmt: skip


def _record(row: RowMapping) -> KeyRecord:
    """Return the record in a row of `api_keys`. Raises `ValueError` for one that this version cannot have written."""
    plain = (
        "id", "name", "tenant", "role", "created_at", "expires_at", "revoked_at",
        "parent", "user_id", "replaced_by", "last_used",
    )  # fmt: skip
    networks = json.loads(row["networks"])
    if not isinstance(networks, list) or row["priority"] not in PRIORITIES:
        raise ValueError(f"key {row['id']}: networks or priority")
    return KeyRecord(
        **{name: row[name] for name in plain},
        scopes=_scopes(json.loads(row["scopes"])),
        networks=tuple(networks),
        priority=row["priority"],
    )


def values_of(record: KeyRecord) -> dict[str, Any]:
    """Return the row of `api_keys` for a record, without the secret."""
    values = asdict(record)
    del values["stopped_by"]
    limited = {kind: _sorted(names) for kind in _SCOPES if (names := getattr(record.scopes, kind)) is not None}
    return {**values, "scopes": json.dumps(limited, ensure_ascii=False), "networks": json.dumps(list(record.networks))}


def _scopes(stored: object) -> Scopes:
    """A key whose scopes cannot be understood must not become one without limits."""
    if not isinstance(stored, dict) or not stored.keys() <= set(_SCOPES):
        raise ValueError(f"not scopes: {stored!r}")
    return Scopes(**{kind: frozenset(names) for kind, names in stored.items()})


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


@dataclass(frozen=True)
class _Person:
    """A user above a key, as far as the key depends on them; `role` None: there is no such user."""

    id: str
    tenant: str | None
    role: str | None
    disabled: bool

    def still_covers(self, key: KeyRecord, line: Sequence[str]) -> bool:
        """Tell whether they may still do what the key may; `line` are the tenants from the root to the key's."""
        if self.role is None or self.tenant is None or self.disabled or not role_covers(self.role, key.role):
            return False
        return self.tenant in line if reaches_below(self.role) else self.tenant == key.tenant


@dataclass(frozen=True)
class Link:
    """One key of a chain with the users it hangs on. `secret_hmac` is the key's digest."""

    record: KeyRecord
    secret_hmac: bytes
    line: tuple[str, ...]
    people: tuple[_Person, ...]

    def ended_by(self, now: str) -> str | None:
        """Return the id of what has ended of this link, the key or a user, or None."""
        if self.record.state(now) != "active":
            return self.record.id
        return next((person.id for person in self.people if not person.still_covers(self.record, self.line)), None)


_maker, _holder = users.alias("maker"), users.alias("holder")
_PEOPLE = tuple(
    alias.c[name].label(f"{alias.name}_{name}")
    for alias in (_maker, _holder)
    for name in ("tenant", "role", "disabled_at")
)


def _chain_query() -> Any:  # noqa: ANN401 - SQLAlchemy's type of it names every column
    own = select(api_keys, literal(0).label("depth")).where(api_keys.c.id == bindparam("key_id"))
    chain = own.cte("chain", recursive=True)
    above = select(api_keys, chain.c.depth + 1).join_from(chain, api_keys, api_keys.c.id == chain.c.parent)
    # One more than there may be: a chain that goes on is one that nobody made.
    chain = chain.union_all(above.where(chain.c.depth <= MOST_GENERATIONS))
    return (
        select(chain, tenants.c.path, *_PEOPLE)
        .outerjoin(tenants, tenants.c.name == chain.c.tenant)
        .outerjoin(_maker, _maker.c.id == chain.c.parent)
        .outerjoin(_holder, _holder.c.id == chain.c.user_id)
        .order_by(chain.c.depth)
    )


_CHAIN = _chain_query()
_EVERY_KEY = (
    select(api_keys, tenants.c.path, *_PEOPLE)
    .outerjoin(tenants, tenants.c.name == api_keys.c.tenant)
    .outerjoin(_maker, _maker.c.id == api_keys.c.parent)
    .outerjoin(_holder, _holder.c.id == api_keys.c.user_id)
    .order_by(api_keys.c.created_at, api_keys.c.id)
)


def read_chain(connection: Connection, key_id: str) -> tuple[Link, ...]:
    """Return a key and the keys above it, nearest first; nothing for an unknown id."""
    return tuple(_link(row._mapping) for row in connection.execute(_CHAIN, {"key_id": key_id}))


def read_every_key(connection: Connection) -> dict[str, Link]:
    """Return every key by its id, oldest first."""
    return {row.id: _link(row._mapping) for row in connection.execute(_EVERY_KEY)}


def chain_in(links: Mapping[str, Link], key_id: str) -> Iterator[Link]:
    """Yield a key and the keys above it, as `read_chain` would return them."""
    wanted: str | None = key_id
    for _generation in range(MOST_GENERATIONS + 2):
        link = links.get(wanted) if wanted is not None else None
        if link is None:
            return
        yield link
        wanted = link.record.parent


def ended_by(chain: Sequence[Link], now: str) -> str | None:
    """Return the id of the first key or user in a chain that has ended, or None where the key is worth something."""
    for link in chain:
        ended = link.ended_by(now)
        if ended is not None:
            return ended
    top = chain[-1].record.parent if chain else None
    return top if top is not None and top.startswith("lma-") else None


def _link(row: RowMapping) -> Link:
    record = _record(row)
    people = [
        _Person(wanted, row[f"{alias}_tenant"], row[f"{alias}_role"], row[f"{alias}_disabled_at"] is not None)
        for alias, wanted in (("maker", record.parent), ("holder", record.user_id))
        if wanted is not None and wanted.startswith("lmu-")
    ]
    line = tuple((row["path"] or "").split("/")[:-1])
    return Link(record, bytes(row["secret_hmac"]), line, tuple(people))
