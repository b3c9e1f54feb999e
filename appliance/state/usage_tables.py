"""Tables of usage and quotas, and the schema step that makes them."""

from typing import Final

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table

from appliance.state.tables import metadata

usage_records = Table(
    "usage_records",
    metadata,
    Column("opened", BigInteger, primary_key=True, autoincrement=False),  # number of the audit record `request.opened`
    Column("request_id", String(100), nullable=False),
    Column("at", String(24), nullable=False),  # when it ended
    Column("tenant", String(100), nullable=False),
    Column("actor", String(200), nullable=False),  # public part of a key, or a user
    Column("role", String(20), nullable=False),
    Column("route", String(500), nullable=False),
    Column("target", String(500), nullable=False),  # model or scenario that was asked
    Column("model", String(100), nullable=False),  # empty: none took part
    Column("priority", String(12), nullable=False),
    Column("status", Integer, nullable=False),
    Column("outcome", String(100), nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("ttft_s", Float),
    Index("usage_records_at", "at"),
)

usage_totals = Table(
    "usage_totals",
    metadata,
    Column("day", String(10), primary_key=True),  # of the end, in UTC
    Column("tenant", String(100), primary_key=True),
    Column("actor", String(200), primary_key=True),
    Column("target", String(500), primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),  # status 400 and above
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
)

quotas = Table(
    "quotas",
    metadata,
    Column("scope", String(8), primary_key=True),  # key | tenant | model
    Column("name", String(200), primary_key=True),
    # Each: none leaves it to the site file, -1 is no limit.
    Column("requests_per_minute", BigInteger),
    Column("tokens_per_minute", BigInteger),
    Column("concurrent_requests", BigInteger),
    Column("tokens_per_day", BigInteger),
    Column("tokens_per_month", BigInteger),
    Column("changed_at", String(24), nullable=False),
)

STATEMENTS: Final[tuple[str, ...]] = (
    """CREATE TABLE usage_records (
        opened BIGINT NOT NULL PRIMARY KEY,
        request_id VARCHAR(100) NOT NULL,
        at VARCHAR(24) NOT NULL,
        tenant VARCHAR(100) NOT NULL,
        actor VARCHAR(200) NOT NULL,
        role VARCHAR(20) NOT NULL,
        route VARCHAR(500) NOT NULL,
        target VARCHAR(500) NOT NULL,
        model VARCHAR(100) NOT NULL,
        priority VARCHAR(12) NOT NULL,
        status INTEGER NOT NULL,
        outcome VARCHAR(100) NOT NULL,
        prompt_tokens BIGINT NOT NULL,
        completion_tokens BIGINT NOT NULL,
        seconds DOUBLE PRECISION NOT NULL,
        ttft_s DOUBLE PRECISION
    )""",
    "CREATE INDEX usage_records_at ON usage_records (at)",
    """CREATE TABLE usage_totals (
        day VARCHAR(10) NOT NULL,
        tenant VARCHAR(100) NOT NULL,
        actor VARCHAR(200) NOT NULL,
        target VARCHAR(500) NOT NULL,
        model VARCHAR(100) NOT NULL,
        requests BIGINT NOT NULL,
        errors BIGINT NOT NULL,
        prompt_tokens BIGINT NOT NULL,
        completion_tokens BIGINT NOT NULL,
        seconds DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (day, tenant, actor, target, model)
    )""",
    """CREATE TABLE quotas (
        scope VARCHAR(8) NOT NULL,
        name VARCHAR(200) NOT NULL,
        requests_per_minute BIGINT,
        tokens_per_minute BIGINT,
        concurrent_requests BIGINT,
        tokens_per_day BIGINT,
        tokens_per_month BIGINT,
        changed_at VARCHAR(24) NOT NULL,
        PRIMARY KEY (scope, name)
    )""",
)
"""Plain SQL for a migration."""
