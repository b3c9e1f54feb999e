"""What a database holds, in numbers: for support, without a word of its content."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.state.database import Database
from appliance.state.tables import migrations


@dataclass(frozen=True)
class State:
    """A database in numbers. `step` is its newest migration, 0 before the first start; rows by table."""

    step: int
    rows: dict[str, int]


def rows_by_table(database: Database) -> dict[str, int]:
    """Return how many rows each table has, by name. Raises `Unavailable`, also for a file that is no database."""
    return state_of(database).rows


def state_of(database: Database) -> State:
    """Count what an open database holds. Raises `Unavailable`, also for a file that is no database."""
    try:
        with database.view() as connection:
            return count(connection)
    except SQLAlchemyError as error:
        raise _damaged(error) from error


def count(connection: Connection) -> State:
    """Count what a connection sees."""
    names = sorted(inspect(connection).get_table_names())
    rows = {name: connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in names}
    step = connection.scalar(select(func.max(migrations.c.number))) if migrations.name in rows else 0
    return State(step or 0, rows)


def applied_migrations(database: Database) -> list[dict[str, object]]:
    """Return number, name and time of each schema step that was made, the first first. Raises `Unavailable`."""
    try:
        with database.read() as connection:
            rows = connection.execute(select(migrations).order_by(migrations.c.number))
            return [dict(row._mapping) for row in rows]
    except SQLAlchemyError as error:
        raise _damaged(error) from error


def _damaged(error: SQLAlchemyError) -> Unavailable:
    return Unavailable(
        _("The database cannot be read: {reason}", reason=type(getattr(error, "orig", error)).__name__),
        _("Put it back from a backup; `appliance doctor` checks the rest."),
    )
