"""Tables of files, batches and their rows, and the schema step that makes them."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from appliance.state.tables import metadata

files = Table(
    "files",
    metadata,
    Column("id", String(40), primary_key=True),  # later ones are greater; also the name in the folder of files
    Column("tenant", String(100), nullable=False),
    Column("owner", String(16), nullable=False),  # key, or the person whose key it is
    Column("name", String(255), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_at", String(24), nullable=False),
    Index("files_owner", "tenant", "owner"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(40), primary_key=True),  # later ones are greater
    Column("tenant", String(100), nullable=False),
    Column("owner", String(16), nullable=False),  # key, or the person whose key it is
    Column("made_by", String(16), nullable=False),  # key or person that its rows run as
    Column("endpoint", String(40), nullable=False),
    Column("input_file_id", String(40), nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("ending", String(16)),  # the status it is to have once its files are written
    Column("labels", Text, nullable=False),  # JSON object: OpenAI's `metadata`
    Column("errors", Text, nullable=False),  # JSON list
    Column("total", Integer, nullable=False),
    Column("completed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("in_progress_at", String(24)),
    Column("cancelling_at", String(24)),
    Column("finalizing_at", String(24)),
    Column("ended_at", String(24)),
    Column("output_file_id", String(40)),
    Column("error_file_id", String(40)),
    Column("compliance_file_id", String(40)),
    Index("batches_owner", "tenant", "owner"),
)

batch_rows = Table(
    "batch_rows",
    metadata,
    Column("batch_id", String(40), ForeignKey("batches.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # line of the input file, from 1
    Column("custom_id", String(256), nullable=False),
    Column("place", BigInteger, nullable=False),  # first byte of the line
    Column("size", BigInteger, nullable=False),  # bytes of the line
    Column("attempts", Integer, nullable=False),
    Column("finished", Integer, nullable=False),  # 1: it never runs again
    Column("status", Integer),  # HTTP status
    Column("request_id", String(100)),
    Column("body", Text),  # JSON: the answer's body
    Column("verdicts", Text),  # JSON list: what the guardrails found
    Index("batch_rows_waiting", "batch_id", "finished", "attempts", "number"),
)

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE files (
        id VARCHAR(40) NOT NULL PRIMARY KEY,
        tenant VARCHAR(100) NOT NULL,
        owner VARCHAR(16) NOT NULL,
        name VARCHAR(255) NOT NULL,
        purpose VARCHAR(32) NOT NULL,
        size_bytes BIGINT NOT NULL,
        sha256 VARCHAR(64) NOT NULL,
        created_at VARCHAR(24) NOT NULL
    )""",
    "CREATE INDEX files_owner ON files (tenant, owner)",
    """CREATE TABLE batches (
        id VARCHAR(40) NOT NULL PRIMARY KEY,
        tenant VARCHAR(100) NOT NULL,
        owner VARCHAR(16) NOT NULL,
        made_by VARCHAR(16) NOT NULL,
        endpoint VARCHAR(40) NOT NULL,
        input_file_id VARCHAR(40) NOT NULL,
        status VARCHAR(16) NOT NULL,
        ending VARCHAR(16),
        labels TEXT NOT NULL,
        errors TEXT NOT NULL,
        total INTEGER NOT NULL,
        completed INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        created_at VARCHAR(24) NOT NULL,
        expires_at VARCHAR(24) NOT NULL,
        in_progress_at VARCHAR(24),
        cancelling_at VARCHAR(24),
        finalizing_at VARCHAR(24),
        ended_at VARCHAR(24),
        output_file_id VARCHAR(40),
        error_file_id VARCHAR(40),
        compliance_file_id VARCHAR(40)
    )""",
    "CREATE INDEX batches_owner ON batches (tenant, owner)",
    "CREATE INDEX ix_batches_status ON batches (status)",
    """CREATE TABLE batch_rows (
        batch_id VARCHAR(40) NOT NULL REFERENCES batches (id),
        number INTEGER NOT NULL,
        custom_id VARCHAR(256) NOT NULL,
        place BIGINT NOT NULL,
        size BIGINT NOT NULL,
        attempts INTEGER NOT NULL,
        finished INTEGER NOT NULL,
        status INTEGER,
        request_id VARCHAR(100),
        body TEXT,
        verdicts TEXT,
        PRIMARY KEY (batch_id, number)
    )""",
    "CREATE INDEX batch_rows_waiting ON batch_rows (batch_id, finished, attempts, number)",
)
"""Plain SQL for a migration."""
