"""Tables of the appliance's nodes and of the tokens that they join with, and the schema step that makes them."""

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text, text

from appliance.state.tables import metadata

_THERE = text("state <> 'removed'")

nodes = Table(
    "nodes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(63), nullable=False),
    Column("address", String(45), nullable=False),  # IP address by which other nodes reach it
    Column("role", String(8), nullable=False),  # head | worker
    Column("state", String(10), nullable=False),  # joining | ready | cordoned | draining | removed
    Column("labels", Text, nullable=False),  # JSON object of texts
    Column("version", String(100), nullable=False),  # of the appliance there
    Column("facts", Text, nullable=False),  # JSON object: a summary of its hardware
    Column("joined_at", String(24), nullable=False),
    Column("seen_at", String(24), nullable=False),
    Column("certificate_serial", String(40), nullable=False),  # hexadecimal
    Column("certificate_fingerprint", String(64), nullable=False),  # SHA-256, hexadecimal
    Index("nodes_name", "name", unique=True, sqlite_where=_THERE, postgresql_where=_THERE),
    Index("nodes_address", "address", unique=True, sqlite_where=_THERE, postgresql_where=_THERE),
)

join_tokens = Table(
    "join_tokens",
    metadata,
    Column("id", String(40), primary_key=True),  # public part of the token
    Column("secret_hmac", LargeBinary(32), nullable=False),  # HMAC-SHA256(pepper, whole token)
    Column("created_by", String(200), nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("revoked_at", String(24)),
    Column("used_at", String(24)),
    Column("used_by", String(40)),  # the node that joined with it
)

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE nodes (
        id VARCHAR(40) NOT NULL PRIMARY KEY,
        name VARCHAR(63) NOT NULL,
        address VARCHAR(45) NOT NULL,
        role VARCHAR(8) NOT NULL,
        state VARCHAR(10) NOT NULL,
        labels TEXT NOT NULL,
        version VARCHAR(100) NOT NULL,
        facts TEXT NOT NULL,
        joined_at VARCHAR(24) NOT NULL,
        seen_at VARCHAR(24) NOT NULL,
        certificate_serial VARCHAR(40) NOT NULL,
        certificate_fingerprint VARCHAR(64) NOT NULL
    )""",
    "CREATE UNIQUE INDEX nodes_name ON nodes (name) WHERE state <> 'removed'",
    "CREATE UNIQUE INDEX nodes_address ON nodes (address) WHERE state <> 'removed'",
    """CREATE TABLE join_tokens (
        id VARCHAR(40) NOT NULL PRIMARY KEY,
        secret_hmac {blob} NOT NULL,
        created_by VARCHAR(200) NOT NULL,
        created_at VARCHAR(24) NOT NULL,
        expires_at VARCHAR(24) NOT NULL,
        revoked_at VARCHAR(24),
        used_at VARCHAR(24),
        used_by VARCHAR(40)
    )""",
)
"""Plain SQL for a migration."""
