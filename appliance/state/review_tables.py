"""Table of answers that wait for a person, and the schema step that makes it."""

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, String, Table, Text

from appliance.state.tables import metadata

reviews = Table(
    "reviews",
    metadata,
    Column("id", String(40), primary_key=True),  # later ones are greater
    Column("tenant", String(100), nullable=False),
    Column("asked_by", String(200), nullable=False),  # public part of a key, or a user
    Column("asker_user", String(200)),  # whose key it is
    Column("request_id", String(100), nullable=False),
    Column("route", String(500), nullable=False),
    Column("target", String(500), nullable=False),  # model or scenario that was asked
    Column("rules", Text, nullable=False),  # JSON: what made it wait
    Column("status", String(12), nullable=False),  # pending | approved | edited | refused | expired
    Column("created_at", String(24), nullable=False),
    Column("decided_at", String(24)),
    Column("decided_by", String(200)),
    Column("suite", String(20), nullable=False),  # algorithms that the four below are sealed with
    Column("question", LargeBinary, nullable=False),  # empty: the four are erased
    Column("held", LargeBinary, nullable=False),
    Column("edited", LargeBinary),
    Column("reason", LargeBinary),
    Index("reviews_status", "status", "id"),
)

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE reviews (
        id VARCHAR(40) NOT NULL PRIMARY KEY,
        tenant VARCHAR(100) NOT NULL,
        asked_by VARCHAR(200) NOT NULL,
        asker_user VARCHAR(200),
        request_id VARCHAR(100) NOT NULL,
        route VARCHAR(500) NOT NULL,
        target VARCHAR(500) NOT NULL,
        rules TEXT NOT NULL,
        status VARCHAR(12) NOT NULL,
        created_at VARCHAR(24) NOT NULL,
        decided_at VARCHAR(24),
        decided_by VARCHAR(200),
        suite VARCHAR(20) NOT NULL,
        question {blob} NOT NULL,
        held {blob} NOT NULL,
        edited {blob},
        reason {blob}
    )""",
    "CREATE INDEX reviews_status ON reviews (status, id)",
)
"""Plain SQL for a migration; `{blob}` is the database's type of bytes."""
