"""A PostgreSQL database as a file of SQL, by the server's own programs: pg_dump and psql."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from appliance.core.errors import ConfigError, Unavailable
from appliance.core.messages import Message, _

_COPY: Final = re.compile(rb'COPY (?:"?[\w$]+"?\.)?"?([\w$]+)"? \(.*\) FROM stdin;\n')
_COPY_END: Final = b"\\.\n"
_LAST_WORDS: Final = 400


def dump_postgres(connection: Connection, url: str, target: Path, environment: Mapping[str, str]) -> None:
    """Write what `connection`, a view of the database at `url`, sees to the new file `target`.

    `environment` is what the programs are started with. Raises `ConfigError` where pg_dump is not there, `Unavailable`
    where it fails.
    """
    moment = connection.scalar(text("SELECT pg_export_snapshot()"))
    options = ("--no-owner", "--no-privileges", f"--snapshot={moment}", f"--file={target}")
    target.touch(mode=0o600)
    _run("pg_dump", url, options, environment)


def load_postgres(url: str, dump: Path, tables: Iterable[str], environment: Mapping[str, str]) -> None:
    """Let the database at `url` hold what `dump` says in place of `tables`, in one transaction: all of it or nothing.

    Raises as `dump_postgres`.
    """
    drops = [f'--command=DROP TABLE IF EXISTS "{name}" CASCADE' for name in tables]
    options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", *drops, f"--file={dump}")
    _run("psql", url, options, environment)


def rows_of_dump(dump: Path) -> dict[str, int]:
    """Return how many rows a file of `dump_postgres` has, by table."""
    rows: dict[str, int] = {}
    table: str | None = None
    with dump.open("rb") as lines:
        for line in lines:
            if table is None:
                if found := _COPY.fullmatch(line):
                    table = found[1].decode()
                    rows[table] = 0
            elif line == _COPY_END:
                table = None
            else:
                rows[table] += 1
    return rows


def check_programs() -> None:
    """Raise `ConfigError` where pg_dump or psql is not on the path."""
    for program in ("pg_dump", "psql"):
        _found(program)


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise ConfigError(
            _("The database is PostgreSQL, and the program {program} is not on this machine.", program=program),
            _("Install PostgreSQL's client programs in the server's version, or have its administrator back it up."),
        )
    return path


def _run(program: str, url: str, options: Iterable[str], environment: Mapping[str, str]) -> None:
    parsed = make_url(url)
    values = {
        "host": parsed.host, "port": parsed.port, "user": parsed.username, "dbname": parsed.database, **parsed.query
    }  # fmt: skip
    where = make_conninfo(**{name: str(value) for name, value in values.items() if value is not None})
    # The password goes by the environment: arguments are there for every user of the machine to read.
    secret = {} if parsed.password is None else {"PGPASSWORD": str(parsed.password)}
    command = [_found(program), f"--dbname={where}", "--no-password", *options]
    ran = subprocess.run(
        command, env={**environment, **secret}, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if ran.returncode != 0:
        words = " ".join(ran.stderr.decode("utf-8", "replace").split())[-_LAST_WORDS:]
        raise Unavailable(
            _("{program} failed: {reason}", program=program, reason=Message("{reason}", (("reason", words),))),
            _("Check state.url in the site file, and that the program is not older than the server."),
        )
