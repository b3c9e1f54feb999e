"""The database: SQLite by default, PostgreSQL by URL; the only place that speaks SQL."""
