"""One door to the database: read and write transactions, durable settings, migrations."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, func, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from appliance.core.clock import iso, utc_now
from appliance.core.errors import ConfigError, DiskFull, Unavailable
from appliance.core.messages import _
from appliance.state.migrations import MIGRATIONS
from appliance.state.tables import migrations as migrations_table

_BUSY_TIMEOUT_S = 10
_MIGRATION_LOCK = 0x6C6D61  # any number that no other program locks in this PostgreSQL database


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite file at `path`."""
    return f"sqlite:///{path}"


def _on_sqlite_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # FULL: with NORMAL a power cut loses commits that were acknowledged.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_TIMEOUT_S * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Database:
    """SQLite (WAL, `synchronous=FULL`) or PostgreSQL behind the same SQLAlchemy Core code.

    Writes of this process queue on a lock and take the database's write lock at once (`BEGIN IMMEDIATE`), so
    there is one writer at a time and no transaction fails half-way on a lock upgrade.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine
        if engine.dialect.name == "postgresql":
            # One SELECT needs no transaction around it: that saves two round trips a key check.
            self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writer = threading.Lock()

    @classmethod
    def open(cls, url: str) -> "Database":
        """Open `url`; nothing is created or migrated yet. Raises `ConfigError` for a URL that cannot be used."""
        try:
            parsed = make_url(url)
            if parsed.get_backend_name() not in ("sqlite", "postgresql"):
                raise ValueError(parsed.get_backend_name())
            if parsed.get_backend_name() == "sqlite":
                # isolation_level None: the driver opens no transaction of its own, `write` does.
                engine = create_engine(parsed, connect_args={"isolation_level": None, "check_same_thread": False})
                event.listen(engine, "connect", _on_sqlite_connect)
            else:
                engine = create_engine(parsed, pool_pre_ping=True, pool_size=5, max_overflow=5, pool_timeout=5)
        except (ArgumentError, ValueError, ImportError) as error:
            raise ConfigError(
                _("The database setting state.url cannot be used: {reason}", reason=str(error)),
                _("Give sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE, or leave it out for SQLite."),
            ) from error
        return cls(engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for SELECTs."""
        with self._failing_clearly(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection inside one transaction: committed durably on success, rolled back on any error."""
        with self._writer, self._failing_clearly(), self._engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.exec_driver_sql("COMMIT")
                except BaseException:
                    if _in_transaction(connection):  # a full disk has rolled it back already
                        connection.exec_driver_sql("ROLLBACK")
                    raise
            else:
                with connection.begin():
                    yield connection

    @contextmanager
    def view(self) -> Iterator[Connection]:
        """Give a connection for SELECTs that all see the database as it is at the first of them."""
        with self._failing_clearly(), self._engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")
                try:
                    yield connection
                finally:
                    connection.exec_driver_sql("ROLLBACK")
            else:
                frozen = connection.execution_options(isolation_level="REPEATABLE READ")
                with frozen.begin():
                    yield frozen

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return str(self._engine.dialect.name)

    def migrate(self) -> list[int]:
        """Apply the steps that are missing, each in its own transaction; return their numbers.

        Raises `ConfigError` where a newer version of the appliance has migrated the database: it may mean other things.
        """
        blob = "BLOB" if self.dialect == "sqlite" else "BYTEA"
        with self.write() as connection:
            self._lock_migrations(connection)
            if not inspect(connection).has_table(migrations_table.name):
                migrations_table.create(connection)
            newest = connection.scalar(select(func.max(migrations_table.c.number))) or 0
        if newest > len(MIGRATIONS):
            raise ConfigError(
                _("The database was used by a newer version of the appliance (step {number}).", number=newest),
                _("Install that version or a later one, or put back a backup from before the upgrade."),
            )
        applied: list[int] = []
        for step in MIGRATIONS:
            with self.write() as connection:
                self._lock_migrations(connection)
                if connection.scalar(select(migrations_table.c.number).where(migrations_table.c.number == step.number)):
                    continue
                for statement in step.statements:
                    connection.execute(text(statement.format(blob=blob)))
                connection.execute(
                    insert(migrations_table).values(number=step.number, name=step.name, applied_at=iso(utc_now()))
                )
                applied.append(step.number)
        return applied

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _lock_migrations(self, connection: Connection) -> None:
        """Keep a second process from migrating at the same time; SQLite's write lock does it there."""
        if self.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})

    @contextmanager
    def _failing_clearly(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            reason = str(error.orig if isinstance(error, DBAPIError) else error)
            if "disk is full" in reason or "No space left" in reason:
                raise DiskFull(
                    _("The disk that holds the database is full."),
                    _("Free some space there, then try again; nothing was changed."),
                ) from error
            raise Unavailable(
                _("The database does not answer: {reason}", reason=reason.strip().replace("\n", " ")),
                _("Check state.url in the site file and that the database runs; `appliance doctor` tests it."),
            ) from error


def _in_transaction(connection: Connection) -> bool:
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))
