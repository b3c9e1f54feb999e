"""Who asks and who decides, and whether the two can be one person."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, or_, select

from appliance.core.principal import Principal
from appliance.state.accounts.key_records import read_chain
from appliance.state.tables import api_keys, users

_MOST_ROTATIONS = 1000
_AT_MACHINE = "os:"


@dataclass(frozen=True)
class Person:
    """Somebody as an approval names them: a key (`lma-…`), a user (`lmu-…`) or one of the machine's users (`os:…`)."""

    name: str
    user_id: str | None = None

    @classmethod
    def of(cls, who: Principal) -> "Person":
        """Return the person behind a key or session."""
        return cls(who.key_id, who.user_id)

    @property
    def at_machine(self) -> bool:
        """Tell whether they work at the machine itself."""
        return self.name.startswith(_AT_MACHINE)


def key_on_file(file: Path) -> frozenset[str]:
    """Return the id of the key in `file`; nothing where this user may not read it."""
    try:
        return frozenset({file.read_text(encoding="ascii").partition(".")[0].strip()})
    except (OSError, ValueError):
        return frozenset()


def may_be_one(connection: Connection, one: Person, other: Person, machine_keys: frozenset[str]) -> bool:
    """Tell whether two names may stand for one person.

    They do where they are the same key, user or user of the machine; a key and its successor; keys of one user; or
    where one was made with the other, since who makes a key has seen it. `machine_keys` are keys that lie on the
    machine: whoever works there has them too.
    """
    own_one, own_other = _own(connection, one), _own(connection, other)
    line_one, line_other = _line(connection, own_one), _line(connection, own_other)
    if own_one & line_other or own_other & line_one:
        return True
    return bool((one.at_machine and machine_keys & line_other) or (other.at_machine and machine_keys & line_one))


def _own(connection: Connection, person: Person) -> set[str]:
    """Return every name that a person has."""
    names = {person.name} | ({person.user_id} if person.user_id else set())
    names |= set(_rotations(connection, person.name))
    for user in connection.scalars(select(users.c.name).where(users.c.id.in_(names))):
        names.add(f"{_AT_MACHINE}{user}")
    return names


def _rotations(connection: Connection, key_id: str) -> Iterator[str]:
    """Yield the keys that a key has replaced and that have replaced it."""
    found, ahead = {key_id}, [key_id]
    while ahead and len(found) < _MOST_ROTATIONS:
        here = ahead.pop()
        query = select(api_keys.c.id, api_keys.c.replaced_by).where(
            or_(api_keys.c.id == here, api_keys.c.replaced_by == here)
        )
        for row in connection.execute(query):
            for name in (row.id, row.replaced_by):
                if name is not None and name not in found:
                    found.add(name)
                    ahead.append(name)
                    yield name


def _line(connection: Connection, names: set[str]) -> set[str]:
    """Return the names, and the keys and people that their keys were made with."""
    found = set(names)
    for name in names:
        for link in read_chain(connection, name) if name.startswith("lma-") else ():
            record = link.record
            found |= {one for one in (record.id, record.parent, record.user_id) if one is not None}
    return found
