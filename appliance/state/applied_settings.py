"""The settings of the site file that were applied last, by group: what a changed file is compared with."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select

from appliance.state.approval_tables import applied_settings
from appliance.state.database import Database

Group = Literal["policy", "models", "retention"]
LEXICONS = "lexicon_files"
"""Name of the group policy's part that holds the digest of each lexicon file, by its path."""


@dataclass(frozen=True)
class Applied:
    """One group as it was applied; `settings` is canonical JSON."""

    section: str
    sha256: str
    settings: str
    applied_at: str
    applied_by: str

    @cached_property
    def content(self) -> dict[str, Any]:
        """The settings, parsed."""
        parsed: dict[str, Any] = json.loads(self.settings)
        return parsed


def read_applied(database: Database, section: Group) -> Applied | None:
    """Return a group as it was applied last, None before the first start."""
    with database.read() as connection:
        row = connection.execute(select(applied_settings).where(applied_settings.c.section == section)).one_or_none()
    return None if row is None else Applied(**row._mapping)


def write_applied(connection: Connection, section: Group, applied: Applied | None) -> None:
    """Set a group inside a write transaction; None forgets it."""
    connection.execute(delete(applied_settings).where(applied_settings.c.section == section))
    if applied is not None:
        values = {name: getattr(applied, name) for name in applied_settings.c.keys()}  # noqa: SIM118 - not a mapping
        connection.execute(insert(applied_settings).values(**values))


def allows_lexicon(database: Database, path: str, digest: str) -> bool:
    """Tell whether a lexicon file has the content that was applied."""
    policy = read_applied(database, "policy")
    return policy is not None and policy.content.get(LEXICONS, {}).get(path) == digest
