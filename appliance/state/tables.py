"""Tables as SQLAlchemy Core objects. Migrations make them; this file only describes the newest shape."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

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
    Column("role", String(20), nullable=False),  # core.principal.ROLES
    Column("secret_hmac", LargeBinary(32), nullable=False),  # HMAC-SHA256(pepper, whole key)
    Column("created_at", String(24), nullable=False),
    Column("expires_at", String(24)),
    Column("revoked_at", String(24)),
    Column("scopes", Text, nullable=False),  # JSON object of lists; a kind that is absent is not limited
    Column("networks", Text, nullable=False),  # JSON list of CIDRs; empty: everywhere
    Column("priority", String(12), nullable=False),  # interactive | batch
    Column("parent", String(16), index=True),  # key or user that made it; none: the operator at the machine
    Column("user_id", String(16)),  # whose key it is, where it is a person's
    Column("replaced_by", String(16)),  # its successor, once rotated
    Column("last_used", String(10)),  # day
)

tenants = Table(
    "tenants",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("parent", String(64), ForeignKey("tenants.name")),  # none: the head office
    Column("path", String(600), nullable=False),  # names from the head office down, each with a slash behind it
    Column("created_at", String(24), nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False, index=True),  # lower case
    Column("display_name", String(200), nullable=False),
    Column("tenant", String(64), ForeignKey("tenants.name"), nullable=False),
    Column("role", String(20), nullable=False),
    Column("origin", String(8), nullable=False),  # local | oidc | ldap: who vouches for them
    Column("subject", String(512), nullable=False),  # what the origin knows them by; of local ones the name
    Column("password_hash", Text),  # argon2id in PHC format; local ones only
    Column("created_at", String(24), nullable=False),
    Column("password_changed_at", String(24)),
    Column("disabled_at", String(24)),
    UniqueConstraint("origin", "subject"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(16), primary_key=True),  # public part of the session's token
    Column("user_id", String(16), ForeignKey("users.id"), nullable=False, index=True),
    Column("secret_hmac", LargeBinary(32), nullable=False),  # HMAC-SHA256(pepper, whole token)
    Column("created_at", String(24), nullable=False),
    Column("seen_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("ended_at", String(24)),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("kind", String(8), primary_key=True),  # user | source
    Column("subject", LargeBinary(32), primary_key=True),  # HMAC: people type passwords where the name belongs
    Column("failures", Integer, nullable=False),
    Column("last_at", String(24), nullable=False),
    Column("blocked_until", String(24)),
)

knowledge_bases = Table(
    "knowledge_bases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("tenant", String(100), nullable=False),  # owner
    Column("shared_with", Text, nullable=False),  # JSON list of tenants that may read; "*" is every tenant
    Column("glossary", Text, nullable=False),  # the bank's own terms, one `中文,别名|english,other` a line
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("knowledge_base", String(64), ForeignKey("knowledge_bases.name"), nullable=False, index=True),
    Column("created_at", String(24), nullable=False),
    Column("department", String(100)),
    Column("access", Text, nullable=False),  # JSON list of principal names; empty: whoever reads the base
)

document_versions = Table(
    "document_versions",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=False),  # what the index knows it by; never used twice
    Column("document_id", String(40), ForeignKey("documents.id"), nullable=False),
    Column("number", Integer, nullable=False),  # from 1
    Column("name", String(255), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("status", String(16), nullable=False),  # pending | indexed | failed
    Column("reason", Text),  # why it failed
    Column("attempts", Integer, nullable=False),
    Column("pages", Integer),
    Column("chunks", Integer),
    Column("pictures", Text),  # JSON list of pages that are scans without text
    Column("effective_on", String(10)),  # first day, inclusive; none: always
    Column("expires_on", String(10)),  # last day, inclusive; none: for ever
    Column("signature", LargeBinary),  # MinHash of the text, for near-duplicates
    Column("created_at", String(24), nullable=False),
    Column("indexed_at", String(24)),
    UniqueConstraint("document_id", "number"),
)

scenario_records = Table(
    "scenario_records",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("scenario", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("tenant", String(100), nullable=False),
    Column("owner", String(200), nullable=False),  # who in the tenant it belongs to
    Column("revision", Integer, nullable=False),  # counts changes; an update names the one it read
    Column("data", Text, nullable=False),  # JSON
    Column("created_at", String(24), nullable=False),
    Column("updated_at", String(24), nullable=False),
    Index("scenario_records_kind", "scenario", "kind", "tenant", "created_at"),
    Index("scenario_records_owner", "scenario", "tenant", "owner", "kind", "created_at"),
)
