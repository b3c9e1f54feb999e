"""What is erased is gone from the file, not only from the tables."""

from sqlalchemy import Connection


def overwrite_freed_pages(connection: Connection) -> None:
    """Let SQLite overwrite what this transaction frees; PostgreSQL's own vacuum frees it later."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
