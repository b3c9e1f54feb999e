"""The same tests run on SQLite and, where its programs are installed, on a real PostgreSQL server."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing

PEPPER = bytes(range(32))
_numbers = itertools.count()


def _programs():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl) are not installed")
    return found[-1].parent if found else Path(on_path).parent


def _server_user():
    """PostgreSQL refuses to run as root: name a user without rights, or None where this one will do."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def postgres_server():
    """Start a PostgreSQL server on a socket in a folder of its own; give the folder."""
    programs, user = _programs(), _server_user()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(0o711)
    if user is not None:
        shutil.chown(folder, user)

    def run(*command):
        subprocess.run([programs / command[0], *command[1:]], check=True, capture_output=True, user=user, cwd=folder)

    data = folder / "data"
    run("initdb", "-D", data, "-U", "appliance", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    options = f"-c listen_addresses= -c fsync=off -k {folder}"
    # A log file of its own: a server that held the test's pipes open would keep it waiting for ever.
    run("pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
    yield folder
    run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """Give the URL of an empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "appliance.db")
    server = request.getfixturevalue("postgres_server")
    name = f"test{next(_numbers)}"
    with Database.open(f"postgresql+psycopg://appliance@/postgres?host={server}").read() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://appliance@/{name}?host={server}"


@pytest.fixture
def database(url):
    """Give a migrated database."""
    opened = Database.open(url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def ring(database):
    """Give a key ring on the database."""
    return KeyRing(database, PEPPER)
