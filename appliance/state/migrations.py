"""Append-only schema steps. A step that has shipped is never edited: write a new one below it.

Each step is plain SQL that SQLite and PostgreSQL both take; `{blob}` is the one type whose name differs.
"""

from dataclasses import dataclass

from appliance.state.approval_tables import STATEMENTS as APPROVALS
from appliance.state.audit.tables import STATEMENTS as AUDIT
from appliance.state.batch_tables import STATEMENTS as BATCHES
from appliance.state.node_tables import STATEMENTS as NODES
from appliance.state.review_tables import STATEMENTS as REVIEWS
from appliance.state.served_tables import STATEMENTS as SERVED
from appliance.state.usage_tables import STATEMENTS as USAGE


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
    Migration(
        2,
        "versions of documents, owners of knowledge bases",
        (
            "ALTER TABLE knowledge_bases ADD COLUMN tenant VARCHAR(100) NOT NULL DEFAULT 'default'",
            # Bases from before tenants counted were open to every key, and stay so until someone closes them.
            """ALTER TABLE knowledge_bases ADD COLUMN shared_with TEXT NOT NULL DEFAULT '["*"]'""",
            "ALTER TABLE knowledge_bases ADD COLUMN glossary TEXT NOT NULL DEFAULT ''",
            """CREATE TABLE document_versions (
                key INTEGER NOT NULL PRIMARY KEY,
                document_id VARCHAR(40) NOT NULL REFERENCES documents (id),
                number INTEGER NOT NULL,
                name VARCHAR(255) NOT NULL,
                media_type VARCHAR(100) NOT NULL,
                size_bytes BIGINT NOT NULL,
                sha256 VARCHAR(64) NOT NULL,
                status VARCHAR(16) NOT NULL,
                reason TEXT,
                attempts INTEGER NOT NULL,
                pages INTEGER,
                chunks INTEGER,
                pictures TEXT,
                effective_on VARCHAR(10),
                expires_on VARCHAR(10),
                signature {blob},
                created_at VARCHAR(24) NOT NULL,
                indexed_at VARCHAR(24),
                UNIQUE (document_id, number)
            )""",
            """INSERT INTO document_versions (key, document_id, number, name, media_type, size_bytes, sha256, status,
                reason, attempts, pages, chunks, created_at, indexed_at)
            SELECT ROW_NUMBER() OVER (ORDER BY id), id, 1, name, media_type, size_bytes, sha256, status, reason,
                attempts, pages, chunks, created_at, indexed_at FROM documents""",
            "CREATE INDEX ix_document_versions_sha256 ON document_versions (sha256)",
            "DROP INDEX documents_content",
            *(
                f"ALTER TABLE documents DROP COLUMN {column}"
                for column in (
                    "name",
                    "media_type",
                    "size_bytes",
                    "sha256",
                    "status",
                    "reason",
                    "attempts",
                    "pages",
                    "chunks",
                    "indexed_at",
                )
            ),
            "ALTER TABLE documents ADD COLUMN department VARCHAR(100)",
            "ALTER TABLE documents ADD COLUMN access TEXT NOT NULL DEFAULT '[]'",
        ),
    ),
    Migration(
        3,
        "records of scenarios",
        (
            """CREATE TABLE scenario_records (
                id VARCHAR(40) NOT NULL PRIMARY KEY,
                scenario VARCHAR(64) NOT NULL,
                kind VARCHAR(32) NOT NULL,
                tenant VARCHAR(100) NOT NULL,
                owner VARCHAR(200) NOT NULL,
                revision INTEGER NOT NULL,
                data TEXT NOT NULL,
                created_at VARCHAR(24) NOT NULL,
                updated_at VARCHAR(24) NOT NULL
            )""",
            "CREATE INDEX scenario_records_kind ON scenario_records (scenario, kind, tenant, created_at)",
        ),
    ),
    Migration(
        4,
        "tenants, users, scopes of keys",
        (
            """CREATE TABLE tenants (
                name VARCHAR(64) NOT NULL PRIMARY KEY,
                title VARCHAR(200) NOT NULL,
                parent VARCHAR(64) REFERENCES tenants (name),
                path VARCHAR(600) NOT NULL,
                created_at VARCHAR(24) NOT NULL
            )""",
            """INSERT INTO tenants (name, title, parent, path, created_at)
            SELECT 'default', 'default', NULL, 'default/', MIN(applied_at) FROM migrations""",
            # Tenants were only names until now: each becomes a child of the head office.
            """INSERT INTO tenants (name, title, parent, path, created_at)
            SELECT tenant, tenant, 'default', 'default/' || tenant || '/', MIN(created_at) FROM (
                SELECT tenant, created_at FROM api_keys
                UNION ALL SELECT tenant, created_at FROM knowledge_bases
                UNION ALL SELECT tenant, created_at FROM scenario_records
            ) AS named WHERE tenant <> 'default' GROUP BY tenant""",
            """CREATE TABLE users (
                id VARCHAR(16) NOT NULL PRIMARY KEY,
                name VARCHAR(64) NOT NULL,
                display_name VARCHAR(200) NOT NULL,
                tenant VARCHAR(64) NOT NULL REFERENCES tenants (name),
                role VARCHAR(20) NOT NULL,
                origin VARCHAR(8) NOT NULL,
                subject VARCHAR(512) NOT NULL,
                password_hash TEXT,
                created_at VARCHAR(24) NOT NULL,
                password_changed_at VARCHAR(24),
                disabled_at VARCHAR(24),
                UNIQUE (origin, subject)
            )""",
            "CREATE INDEX users_name ON users (name)",
            """CREATE TABLE sessions (
                id VARCHAR(16) NOT NULL PRIMARY KEY,
                user_id VARCHAR(16) NOT NULL REFERENCES users (id),
                secret_hmac {blob} NOT NULL,
                created_at VARCHAR(24) NOT NULL,
                seen_at VARCHAR(24) NOT NULL,
                expires_at VARCHAR(24) NOT NULL,
                ended_at VARCHAR(24)
            )""",
            "CREATE INDEX sessions_user ON sessions (user_id)",
            """CREATE TABLE sign_in_failures (
                kind VARCHAR(8) NOT NULL,
                subject {blob} NOT NULL,
                failures INTEGER NOT NULL,
                last_at VARCHAR(24) NOT NULL,
                blocked_until VARCHAR(24),
                PRIMARY KEY (kind, subject)
            )""",
            # Keys from before keep what they had: every model, scenario and base, from everywhere.
            "ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '{{}}'",
            "ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '[]'",
            "ALTER TABLE api_keys ADD COLUMN priority VARCHAR(12) NOT NULL DEFAULT 'interactive'",
            "ALTER TABLE api_keys ADD COLUMN parent VARCHAR(16)",
            "ALTER TABLE api_keys ADD COLUMN user_id VARCHAR(16)",
            "ALTER TABLE api_keys ADD COLUMN replaced_by VARCHAR(16)",
            "ALTER TABLE api_keys ADD COLUMN last_used VARCHAR(10)",
            "CREATE INDEX api_keys_parent ON api_keys (parent)",
        ),
    ),
    Migration(5, "audit", AUDIT),
    Migration(6, "usage and quotas", USAGE),
    Migration(7, "files and batches", BATCHES),
    Migration(8, "answers that wait for a person", REVIEWS),
    Migration(9, "second approvals", APPROVALS),
    Migration(10, "versions behind aliases", SERVED),
    Migration(11, "nodes and join tokens", NODES),
    Migration(
        12,
        "records by their owner",
        ("CREATE INDEX scenario_records_owner ON scenario_records (scenario, tenant, owner, kind, created_at)",),
    ),
)
