"""Tables of second approvals and of the settings that were applied last."""

from typing import Final

from sqlalchemy import Column, Index, String, Table, Text

from appliance.state.tables import metadata

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("tenant", String(100), nullable=False),  # whose matter it is
    Column("payload", Text, nullable=False),  # canonical JSON: the change, as the second person sees it
    Column("payload_sha256", String(64), nullable=False),
    Column("asked_by", String(200), nullable=False),  # public part of a key, a user, or os:NAME
    Column("asked_user", String(16)),  # the person, where one is known
    Column("asked_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("decision", String(8)),  # approved | refused; none: pending
    Column("decided_by", String(200)),
    Column("decided_at", String(24)),
    Column("reason", Text),
    Column("used_by", String(200)),
    Column("used_at", String(24)),
    Index("approvals_payload", "payload_sha256"),
)

applied_settings = Table(
    "applied_settings",
    metadata,
    Column("section", String(16), primary_key=True),  # policy | models: a group of the site file's sections
    Column("sha256", String(64), nullable=False),
    Column("settings", Text, nullable=False),  # canonical JSON
    Column("applied_at", String(24), nullable=False),
    Column("applied_by", String(200), nullable=False),
)

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE approvals (
        id VARCHAR(40) NOT NULL PRIMARY KEY,
        kind VARCHAR(32) NOT NULL,
        tenant VARCHAR(100) NOT NULL,
        payload TEXT NOT NULL,
        payload_sha256 VARCHAR(64) NOT NULL,
        asked_by VARCHAR(200) NOT NULL,
        asked_user VARCHAR(16),
        asked_at VARCHAR(24) NOT NULL,
        expires_at VARCHAR(24) NOT NULL,
        decision VARCHAR(8),
        decided_by VARCHAR(200),
        decided_at VARCHAR(24),
        reason TEXT,
        used_by VARCHAR(200),
        used_at VARCHAR(24)
    )""",
    "CREATE INDEX approvals_payload ON approvals (payload_sha256)",
    """CREATE TABLE applied_settings (
        section VARCHAR(16) NOT NULL PRIMARY KEY,
        sha256 VARCHAR(64) NOT NULL,
        settings TEXT NOT NULL,
        applied_at VARCHAR(24) NOT NULL,
        applied_by VARCHAR(200) NOT NULL
    )""",
)
"""Plain SQL for a migration."""
