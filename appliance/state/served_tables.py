"""Tables of what serves each model alias, and the schema step that makes them."""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from appliance.state.tables import metadata

served_directory = Table(
    "served_directory",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one directory
    Column("revision", BigInteger, nullable=False),  # grows with every change of `served_variants`
)

served_variants = Table(
    "served_variants",
    metadata,
    Column("alias", String(64), primary_key=True),
    Column("slot", String(10), primary_key=True),  # stable | candidate | previous
    Column("package", String(64), nullable=False),
    Column("release_counter", BigInteger),  # none: a folder below models/ that no package installed
    Column("version", String(100), nullable=False),
    Column("application", String(200), nullable=False),
    Column("context_length", BigInteger, nullable=False),
    Column("languages", Text, nullable=False),  # JSON list
    Column("state", String(10), nullable=False),  # starting | ready | stopped
    Column("share", Integer, nullable=False),  # percent of the requests; of a candidate only
    Column("tenants", Text, nullable=False),  # JSON list of tenants that always get the candidate
    Column("since", String(24), nullable=False),
    Column("set_by", String(200), nullable=False),
)

served_figures = Table(
    "served_figures",
    metadata,
    Column("alias", String(64), primary_key=True),
    Column("package", String(64), primary_key=True),
    Column("version", String(100), primary_key=True),
    Column("measured_at", String(24), nullable=False),
    Column("figures", Text, nullable=False),  # JSON object
)

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE served_directory (
        id INTEGER NOT NULL PRIMARY KEY,
        revision BIGINT NOT NULL
    )""",
    "INSERT INTO served_directory (id, revision) VALUES (1, 0)",
    """CREATE TABLE served_variants (
        alias VARCHAR(64) NOT NULL,
        slot VARCHAR(10) NOT NULL,
        package VARCHAR(64) NOT NULL,
        release_counter BIGINT,
        version VARCHAR(100) NOT NULL,
        application VARCHAR(200) NOT NULL,
        context_length BIGINT NOT NULL,
        languages TEXT NOT NULL,
        state VARCHAR(10) NOT NULL,
        share INTEGER NOT NULL,
        tenants TEXT NOT NULL,
        since VARCHAR(24) NOT NULL,
        set_by VARCHAR(200) NOT NULL,
        PRIMARY KEY (alias, slot)
    )""",
    """CREATE TABLE served_figures (
        alias VARCHAR(64) NOT NULL,
        package VARCHAR(64) NOT NULL,
        version VARCHAR(100) NOT NULL,
        measured_at VARCHAR(24) NOT NULL,
        figures TEXT NOT NULL,
        PRIMARY KEY (alias, package, version)
    )""",
)
"""Plain SQL for a migration."""
