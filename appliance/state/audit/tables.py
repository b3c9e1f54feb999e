"""Tables of the audit log, and the schema step that makes them."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from appliance.state.tables import metadata

audit_records = Table(
    "audit_records",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("kind", String(64), nullable=False),
    Column("at", String(24), nullable=False),
    Column("request_id", String(100)),
    Column("tenant", String(100)),
    Column("actor", String(200)),  # public part of a key, or a user
    Column("role", String(20)),
    Column("action", String(500)),
    Column("target", String(500)),
    Column("outcome", String(100)),
    Column("data", Text, nullable=False),  # JSON object
    Column("content", LargeBinary),  # sealed prompt or answer; erased by retention
    Column("content_digest", String(64)),  # of the sealed bytes, so that the chain outlives them
    Column("content_key", String(64)),  # id of the key that sealed it
    Column("suite", String(20), nullable=False),  # algorithms of both digests
    Column("previous", String(64), nullable=False),  # hash of the record before
    Column("hash", String(64), nullable=False),
    Index("audit_records_kind", "kind", "seq"),
    Index("audit_records_at", "at"),
    Index("audit_records_request", "request_id"),
    Index("audit_records_tenant", "tenant", "seq"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Column("at", String(24), nullable=False),
    Column("suite", String(20), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("number", BigInteger, nullable=False),  # of the newest checkpoint; 0: none
    Column("seq", BigInteger, nullable=False),  # of the newest record; 0: none
    Column("hash", String(64), nullable=False),
    Column("at", String(24), nullable=False),
    Column("suite", String(20), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE audit_records (
        seq BIGINT NOT NULL PRIMARY KEY,
        kind VARCHAR(64) NOT NULL,
        at VARCHAR(24) NOT NULL,
        request_id VARCHAR(100),
        tenant VARCHAR(100),
        actor VARCHAR(200),
        role VARCHAR(20),
        action VARCHAR(500),
        target VARCHAR(500),
        outcome VARCHAR(100),
        data TEXT NOT NULL,
        content {blob},
        content_digest VARCHAR(64),
        content_key VARCHAR(64),
        suite VARCHAR(20) NOT NULL,
        previous VARCHAR(64) NOT NULL,
        hash VARCHAR(64) NOT NULL
    )""",
    "CREATE INDEX audit_records_kind ON audit_records (kind, seq)",
    "CREATE INDEX audit_records_at ON audit_records (at)",
    "CREATE INDEX audit_records_request ON audit_records (request_id)",
    "CREATE INDEX audit_records_tenant ON audit_records (tenant, seq)",
    """CREATE TABLE audit_checkpoints (
        number BIGINT NOT NULL PRIMARY KEY,
        seq BIGINT NOT NULL UNIQUE,
        hash VARCHAR(64) NOT NULL,
        at VARCHAR(24) NOT NULL,
        suite VARCHAR(20) NOT NULL,
        key_id VARCHAR(64) NOT NULL,
        signature {blob} NOT NULL
    )""",
    """CREATE TABLE audit_head (
        id INTEGER NOT NULL PRIMARY KEY,
        number BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        hash VARCHAR(64) NOT NULL,
        at VARCHAR(24) NOT NULL,
        suite VARCHAR(20) NOT NULL,
        key_id VARCHAR(64) NOT NULL,
        signature {blob} NOT NULL
    )""",
)
"""Plain SQL for a migration; `{blob}` is the database's type for bytes."""
