"""The appliance's nodes, and the tokens with which machines become nodes: each token once."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import Conflict, InvalidRequest
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.state.accounts.tokens import SECRET_BYTES, digest_of, matches
from appliance.state.database import Database
from appliance.state.node_records import (
    PIN_DIGITS,
    READING,
    JoinToken,
    NodeRecord,
    NodeState,
    check_node,
    new_node_id,
    no_node,
    no_token,
    read_token,
    taken,
    unknown_token,
)
from appliance.state.node_tables import join_tokens, nodes

__all__ = ["JoinToken", "JoinTokens", "NodeRecord", "Nodes", "new_node_id", "read_token"]

LONGEST_VALID_S: Final = 30 * 24 * 3600


class Nodes:
    """What the head knows of its nodes. Ids, names and addresses are unique among those that are not removed."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def record(self, node: NodeRecord) -> NodeRecord:
        """Add a node; return it with its times.

        Raises `InvalidRequest` for a name or address that cannot be used, `Conflict` (`node_known`,
        `node_address_taken`, `node_name_taken`), which names the node that is there.
        """
        added = _dated(node, iso(self._clock()))
        try:
            with self._database.write() as connection:
                _insert(connection, added)
        except IntegrityError as error:
            raise self._clash(added, error) from error
        return added

    def update(self, node: NodeRecord) -> NodeRecord:
        """Write what a known node tells at its start: all but its state, labels and the time it joined; it is seen.

        Raises as `record`, `NotFound` for one that is not there or removed.
        """
        check_node(node)
        told = ("name", "address", "role", "version", "certificate_serial", "certificate_fingerprint")
        values: dict[str, Any] = {name: getattr(node, name) for name in told}
        values |= {"facts": _json(node.facts), "seen_at": iso(self._clock())}
        try:
            with self._database.write() as connection:
                _current(connection, node.id)
                connection.execute(update(nodes).where(nodes.c.id == node.id).values(**values))
        except IntegrityError as error:
            raise self._clash(node, error, new=False) from error
        return self.get(node.id)

    def get(self, node_id: str) -> NodeRecord:
        """Return a node, also a removed one. Raises `NotFound`."""
        with self._database.read() as connection:
            return _get(connection, node_id)

    def belongs(self, node_id: str) -> bool:
        """Tell whether a node is one of the appliance's, and not removed. Raises `Unavailable`."""
        this = select(nodes.c.id).where(nodes.c.id == node_id, nodes.c.state != "removed")
        with self._database.read() as connection:
            return _is_plain(node_id) and connection.execute(this).first() is not None

    def named(self, name: str) -> NodeRecord:
        """Return the node of a name or id; of a name, one that is not removed. Raises `NotFound`."""
        this = or_(nodes.c.id == name, and_(nodes.c.name == name, nodes.c.state != "removed"))
        with self._database.read() as connection:
            row = connection.execute(select(nodes).where(this)).mappings().first() if _is_plain(name) else None
        if row is None:
            raise no_node(name)
        return _node(row)

    def list(self, *, removed: bool = False) -> tuple[NodeRecord, ...]:
        """Return the nodes, the head first, then by name; with `removed` those too."""
        query = select(nodes).order_by(nodes.c.role, nodes.c.name, nodes.c.joined_at)
        with self._database.read() as connection:
            rows = connection.execute(query if removed else query.where(nodes.c.state != "removed")).mappings()
            return tuple(map(_node, rows))

    def set_state(self, node_id: str, state: NodeState) -> NodeRecord:
        """Set a node's state; a removed one stays removed. Raises `NotFound`, `Conflict` (`node_removed`)."""
        return self._set(node_id, {"state": state})

    def set_labels(self, node_id: str, labels: Mapping[str, str]) -> NodeRecord:
        """Replace a node's labels. Raises `NotFound`, `Conflict` (`node_removed`)."""
        return self._set(node_id, {"labels": _json(labels)})

    def change_labels(self, node_id: str, put: Mapping[str, str], drop: Iterable[str] = ()) -> NodeRecord:
        """Put labels and drop others, in one step. Raises `NotFound`, `Conflict` (`node_removed`)."""
        with self._database.write() as connection:
            dropped = frozenset(drop)
            old = _current(connection, node_id).labels.items()
            labels = {**{name: value for name, value in old if name not in dropped}, **put}
            connection.execute(update(nodes).where(nodes.c.id == node_id).values(labels=_json(labels)))
            return _get(connection, node_id)

    def seen(self, node_id: str, reading: Mapping[str, Any] | None = None) -> None:
        """Write that a node has shown that it is there, and its reading. Raises `NotFound`, `Conflict`."""
        values: dict[str, Any] = {"seen_at": iso(self._clock())}
        with self._database.write() as connection:
            node = _current(connection, node_id)
            if reading is not None:
                values["facts"] = _json({**node.facts, READING: reading})
            connection.execute(update(nodes).where(nodes.c.id == node_id).values(**values))

    def _set(self, node_id: str, values: dict[str, Any]) -> NodeRecord:
        with self._database.write() as connection:
            _current(connection, node_id)
            connection.execute(update(nodes).where(nodes.c.id == node_id).values(**values))
            return _get(connection, node_id)

    def _clash(self, node: NodeRecord, error: IntegrityError, *, new: bool = True) -> Exception:
        """Return what a unique index has refused, as a reader's error."""
        with self._database.read() as connection:
            return _clash_in(connection, node, new=new) or error


class JoinTokens:
    """Makes, checks, spends, lists and revokes join tokens.

    A token is `njt_ID.SECRET.PIN`; the pin is the beginning of the authority's fingerprint, by which the machine that
    joins knows the head. The database holds HMAC-SHA256(pepper, whole token).
    """

    def __init__(self, database: Database, pepper: bytes, clock: Clock = utc_now) -> None:
        self._database = database
        self._pepper = pepper
        self._clock = clock

    def create(self, created_by: str, valid_s: float, fingerprint: str) -> tuple[JoinToken, str]:
        """Store a new token, good once within `valid_s` seconds; return its record and its text, never shown again.

        `fingerprint` is that of the appliance's authority. Raises `InvalidRequest` for more than 30 days or nothing.
        """
        if not 0 < valid_s <= LONGEST_VALID_S:
            raise InvalidRequest(
                _("A join token is valid for more than nothing and up to {days} days.", days=LONGEST_VALID_S // 86400),
                param="valid",
            )
        now, token_id = self._clock(), new_id("njt")
        text = f"{token_id}.{token_urlsafe(SECRET_BYTES)}.{fingerprint[:PIN_DIGITS]}"
        token = JoinToken(token_id, created_by, iso(now), iso(now + timedelta(seconds=valid_s)))
        with self._database.write() as connection:
            values = {**vars(token), "secret_hmac": digest_of(self._pepper, text)}
            connection.execute(insert(join_tokens).values(**values))
        return token, text

    def check(self, text: str) -> JoinToken:
        """Return the record of a token that would let a node join now.

        Raises `AuthenticationFailed` (`join_token_unknown`, `…_used`, `…_revoked`, `…_expired`); only who has the whole
        token is told more than `unknown`.
        """
        with self._database.read() as connection:
            return self._good(connection, text)

    def spend(self, text: str, node_id: str) -> JoinToken:
        """Use a token up for `node_id`: of several at once exactly one does. Raises as `check`."""
        with self._database.write() as connection:
            return self._spend(connection, text, node_id)

    def admit(self, text: str, node: NodeRecord) -> NodeRecord:
        """Use a token up and add the node that joins with it, both or neither. Raises as `spend` and `Nodes.record`."""
        added = _dated(node, iso(self._clock()))
        try:
            with self._database.write() as connection:
                self._spend(connection, text, node.id)
                _insert(connection, added)
        except IntegrityError as error:
            with self._database.read() as connection:
                raise _clash_in(connection, added) or error from error
        return added

    def revoke(self, token_id: str) -> JoinToken:
        """Revoke a token for good; a revoked one keeps its first time. Raises `NotFound`, `Conflict` for a used one."""
        with self._database.write() as connection:
            this = (join_tokens.c.id == token_id, join_tokens.c.revoked_at.is_(None), join_tokens.c.used_at.is_(None))
            if _is_plain(token_id):
                connection.execute(update(join_tokens).where(*this).values(revoked_at=iso(self._clock())))
            token = _stored(connection, token_id)
        if token is None:
            raise no_token(token_id)
        if token[0].used_at is not None:
            raise Conflict(
                _("The join token {id} is used already, by {node}.", id=token_id, node=token[0].used_by),
                _("`appliance node list` shows that node; `appliance node remove` puts it out."),
                code="join_token_used",
            )
        return token[0]

    def list(self) -> tuple[JoinToken, ...]:
        """Return every token, oldest first, without secrets."""
        with self._database.read() as connection:
            rows = connection.execute(select(join_tokens).order_by(join_tokens.c.id)).mappings()
            return tuple(_token(row)[0] for row in rows)

    def _spend(self, connection: Connection, text: str, node_id: str) -> JoinToken:
        token, now = self._good(connection, text), iso(self._clock())
        this = (
            join_tokens.c.id == token.id, join_tokens.c.used_at.is_(None), join_tokens.c.revoked_at.is_(None),
            join_tokens.c.expires_at > now,
        )  # fmt: skip
        spent = connection.execute(update(join_tokens).where(*this).values(used_at=now, used_by=node_id))
        if spent.rowcount != 1:  # somebody was first, since we looked
            self._good(connection, text)
            raise unknown_token()
        return replace(token, used_at=now, used_by=node_id)

    def _good(self, connection: Connection, text: str) -> JoinToken:
        token_id, _pin = read_token(text)
        stored = _stored(connection, token_id)
        if not matches(stored[1] if stored else None, self._pepper, text) or stored is None:
            raise unknown_token()
        stored[0].check_good(iso(self._clock()))
        return stored[0]


def _dated(node: NodeRecord, now: str) -> NodeRecord:
    check_node(node)
    return replace(node, joined_at=node.joined_at or now, seen_at=node.seen_at or now)


def _insert(connection: Connection, node: NodeRecord) -> None:
    values = {**vars(node), "labels": _json(node.labels), "facts": _json(node.facts)}
    connection.execute(insert(nodes).values(**values))


def _get(connection: Connection, node_id: str, *, hold: bool = False) -> NodeRecord:
    """Return a node; with `hold` keep others from changing it until the transaction ends."""
    query = select(nodes).where(nodes.c.id == node_id)
    row = None
    if _is_plain(node_id):
        row = connection.execute(query.with_for_update() if hold else query).mappings().one_or_none()
    if row is None:
        raise no_node(node_id)
    return _node(row)


def _current(connection: Connection, node_id: str) -> NodeRecord:
    """Return a node that is not removed, and keep others from changing it until the transaction ends."""
    node = _get(connection, node_id, hold=True)
    if node.state == "removed":
        raise Conflict(
            _("The node {name} ({id}) is removed.", name=node.name, id=node_id),
            _("Its machine may join again, with a new token, as a new node."),
            code="node_removed",
        )
    return node


def _clash_in(connection: Connection, node: NodeRecord, *, new: bool = True) -> Conflict | None:
    """Return what stands in a node's way: where it is new its id, its address or its name, in this order."""
    there = and_(nodes.c.state != "removed", or_(nodes.c.address == node.address, nodes.c.name == node.name))
    itself = nodes.c.id == node.id
    rows = connection.execute(select(nodes).where(or_(itself, there) if new else and_(~itself, there))).mappings()
    found = sorted(map(_node, rows), key=lambda other: (other.id != node.id, other.address != node.address))
    return taken(node, found[0]) if found else None


def _stored(connection: Connection, token_id: str) -> tuple[JoinToken, bytes] | None:
    if not _is_plain(token_id):
        return None
    row = connection.execute(select(join_tokens).where(join_tokens.c.id == token_id)).mappings().one_or_none()
    return None if row is None else _token(row)


def _token(row: RowMapping) -> tuple[JoinToken, bytes]:
    values = dict(row)
    digest = bytes(values.pop("secret_hmac"))
    return JoinToken(**values), digest


def _node(row: RowMapping) -> NodeRecord:
    return NodeRecord(**{**row, "labels": json.loads(row["labels"]), "facts": json.loads(row["facts"])})


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(dict(content), ensure_ascii=False, sort_keys=True)


def _is_plain(text: str) -> bool:
    """PostgreSQL takes not every text that a command line can hold."""
    return text.isascii() and text.isprintable()
