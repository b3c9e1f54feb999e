"""An audit log on SQLite and PostgreSQL, and what an attacker with the database's password does to it."""

import pytest
from sqlalchemy import inspect, text

from appliance.state.audit.faults import Report
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.audit.source import DatabaseSource
from appliance.state.audit.tables import STATEMENTS
from appliance.state.audit.verify import verify
from appliance.state.audit.witness import Witness
from appliance.state.database import Database, sqlite_url


def create_tables(database):
    """Make the tables of the audit log, unless a migration has."""
    blob = "BLOB" if database.dialect == "sqlite" else "BYTEA"
    with database.write() as connection:
        if not inspect(connection).has_table("audit_records"):
            for statement in STATEMENTS:
                connection.execute(text(statement.format(blob=blob)))


class Desk:
    """One audit log with its keys and database."""

    def __init__(self, database, folder, suite="international"):
        create_tables(database)
        self.database = database
        self.keys = AuditKeys(folder / "secrets", folder / "public.pem", suite)
        self.witness = Witness(folder / "witness.json")
        self.log = AuditLog(database, self.keys, self.witness)
        self.log.begin()

    def fill(self, count, **more):
        """Append `count` records."""
        self.log.append(
            [
                NewRecord("request.opened", f"req_{number}", "retail", "lma-a", data={"n": number}, **more)
                for number in range(count)
            ]
        )

    def sql(self, statement, **values):
        """Run a statement past the log."""
        with self.database.write() as connection:
            connection.execute(text(statement), values)

    def report(self, first=None, last=None, keys=None, known=None):
        """Check the log."""
        if known is None:
            kept = self.witness.read()
            known = [kept] if kept else []
        source = DatabaseSource(self.database)
        events = verify(source, keys or self.keys.public_keys(), first, last, known)
        return next(event for event in events if isinstance(event, Report))

    def faults(self, **more):
        """Check the log; return kind, first and last of each fault."""
        return [(fault.kind, fault.first, fault.last) for fault in self.report(**more).faults]


@pytest.fixture
def desk(database, tmp_path):
    """Give an empty log, on SQLite and on PostgreSQL."""
    return Desk(database, tmp_path)


@pytest.fixture
def local_desk(tmp_path):
    """Give an empty log on SQLite."""
    database = Database.open(sqlite_url(tmp_path / "appliance.db"))
    yield Desk(database, tmp_path)
    database.close()
