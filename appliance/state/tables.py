"""Tables as SQLAlchemy Core objects. Migrations make them; this file only describes the newest shape."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

migrations = Table(
    "migrations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(100), nullable=False),
    Column("applied_at", String(24), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),  # public part of the key
    Column("name", String(200), nullable=False),
    Column("tenant", String(100), nullable=False),
    Column("role", String(20), nullable=False),  # admin | caller
    Column("secret_hmac", LargeBinary(32), nullable=False),  # HMAC-SHA256(pepper, whole key)
    Column("created_at", String(24), nullable=False),
    Column("expires_at", String(24)),
    Column("revoked_at", String(24)),
)

knowledge_bases = Table(
    "knowledge_bases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("created_at", String(24), nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("knowledge_base", String(64), ForeignKey("knowledge_bases.name"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("status", String(16), nullable=False),  # pending | indexed | failed
    Column("reason", Text),  # why it failed
    Column("attempts", Integer, nullable=False),
    Column("pages", Integer),
    Column("chunks", Integer),
    Column("created_at", String(24), nullable=False),
    Column("indexed_at", String(24)),
)
