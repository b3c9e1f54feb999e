"""Append-only schema steps. A step that has shipped is never edited: write a new one below it.

Each step is plain SQL that SQLite and PostgreSQL both take; `{blob}` is the one type whose name differs.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Migration:
    """One step: its number is its place in history."""

    number: int
    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        "keys and documents",
        (
            """CREATE TABLE api_keys (
                id VARCHAR(16) NOT NULL PRIMARY KEY,
                name VARCHAR(200) NOT NULL,
                tenant VARCHAR(100) NOT NULL,
                role VARCHAR(20) NOT NULL,
                secret_hmac {blob} NOT NULL,
                created_at VARCHAR(24) NOT NULL,
                expires_at VARCHAR(24),
                revoked_at VARCHAR(24)
            )""",
            """CREATE TABLE knowledge_bases (
                name VARCHAR(64) NOT NULL PRIMARY KEY,
                title VARCHAR(200) NOT NULL,
                created_at VARCHAR(24) NOT NULL
            )""",
            """CREATE TABLE documents (
                id VARCHAR(40) NOT NULL PRIMARY KEY,
                knowledge_base VARCHAR(64) NOT NULL REFERENCES knowledge_bases (name),
                name VARCHAR(255) NOT NULL,
                media_type VARCHAR(100) NOT NULL,
                size_bytes BIGINT NOT NULL,
                sha256 VARCHAR(64) NOT NULL,
                status VARCHAR(16) NOT NULL,
                reason TEXT,
                attempts INTEGER NOT NULL,
                pages INTEGER,
                chunks INTEGER,
                created_at VARCHAR(24) NOT NULL,
                indexed_at VARCHAR(24)
            )""",
            "CREATE INDEX documents_knowledge_base ON documents (knowledge_base)",
            "CREATE UNIQUE INDEX documents_content ON documents (knowledge_base, sha256)",
        ),
    ),
)
