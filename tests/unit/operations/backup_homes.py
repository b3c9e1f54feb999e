"""Home folders with something of everything in them, and what is compared after they were wiped and restored."""

import hashlib
import itertools
import os
import sqlite3
import threading
from contextlib import closing, contextmanager
from pathlib import Path

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.cryptography.age import Identity
from appliance.core.principal import PLATFORM_TENANT, Principal
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.operations.accounts import add_tenant, add_user
from appliance.operations.audit import open_audit
from appliance.operations.backups import Created, Restored, create_backup, restore_backup
from appliance.operations.keys import KeyWish, create_key
from appliance.state.audit.records import NewRecord
from appliance.state.batches.files import Files
from appliance.state.database import Database, sqlite_url
from tests.unit.knowledge.principals import prepare_here

KEY = Identity.generate()
ADMIN = Principal(PLATFORM_TENANT, "admin", "lma-platform")
DOCUMENTS = {
    "lockers.txt": b"A small locker costs 300 a year.\n\nA large locker costs 900 a year.",
    "rates.md": "# 利率\n\n一年期定期存款利率为 1.5%。".encode(),
}


def open_documents(home, embedder):
    """Open the knowledge store of a home; close its database with `close`."""
    database = Database.open(sqlite_url(home.database))
    database.migrate()
    return database, KnowledgeStore(database, home.documents, home.indexes, embedder, prepare=prepare_here)


def make_home(folder, embedder, site=""):
    """Make a home as one that has worked for a while: every table has rows, every folder files."""
    home = Home(folder)
    home.create()
    home.site_file.write_text(f"language: en\n{site}", encoding="utf-8")
    config = load_site(home.site_file)
    with open_audit(home, config, begin=True) as audit:
        audit.log.append([NewRecord("admin.command", content="what was asked", action="test", outcome="ok")])
    add_tenant(home, config, "retail")
    add_user(home, config, "li", "a long enough pass phrase", tenant="retail")
    _record, key = create_key(home, config, "admin", KeyWish(role="admin"))
    home.admin_key_file.write_text(key)
    home.ray_token_file.write_text("0" * 64)
    (home.secrets / "ca.key").write_bytes(b"the authority's key")
    home.trusted_keys.mkdir()
    (home.trusted_keys / "maker.pub").write_text("untrusted comment: minisign public key")
    home.calibration_file.write_text("{}")
    (home.root / "scenarios" / "ours").mkdir(parents=True)
    (home.root / "scenarios" / "ours" / "scenario.yaml").write_text("name: ours")
    (home.root / "ours").mkdir()
    (home.root / "ours" / "rules.yaml").write_text("rules: []")
    database, store = open_documents(home, embedder)
    store.ensure_base(ADMIN, "rules", "Rules")
    for name, content in DOCUMENTS.items():
        store.add_document(ADMIN, "rules", name, content)
    list(store.index_pending())
    add_file(database, home, b'{"custom_id": "1"}\n')
    database.close()
    fill_empty_tables(home.database)
    return home, config


def add_file(database, home, content):
    """Upload a file for a batch."""
    files = Files(database, home.files)
    with files.draft() as draft:
        draft.write(content)
    return files.add(draft, ADMIN, "rows.jsonl")


def fill_empty_tables(path):
    """Give each table that has none a row of made-up values."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:
                continue
            columns = database.execute(f"PRAGMA table_info({table})").fetchall()
            values = [1 if "INT" in kind.upper() else f"a {name}" for _number, name, kind, *_rest in columns]
            database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def rows_of(path):
    """Return every row of every table as SQL."""
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def files_of(home):
    """Return the digest and rights of every file that is in a backup, but the database."""
    kept = {}
    for name in ("secrets", "documents", "files", "scenarios", "trusted-keys", "state", "ours", "."):
        found = home.root.glob("*") if name == "." else (home.root / name).rglob("*")
        for path in found:
            if path.is_file() and not path.name.startswith("appliance.db"):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                kept[path.relative_to(home.root).as_posix()] = (digest, path.stat().st_mode & 0o777)
    return kept


@contextmanager
def meanwhile(step):
    """Take `step(1)`, `step(2)`, … in a thread until the block ends; gives what waits for a whole further one."""
    stop, taken = threading.Event(), threading.Event()

    def work():
        for number in itertools.count(1):
            if stop.is_set():
                return
            step(number)
            taken.set()

    def one_more():
        for _one in range(2):  # the first may have been in its middle
            taken.clear()
            assert taken.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield one_more
    finally:
        stop.set()
        thread.join()


def back_up(home, site, folder) -> Created:
    """Make a backup to `KEY`."""
    return list(create_backup(home, site, folder, (KEY.recipient,)))[-1]


def restore(home, file, identity=KEY, **more) -> Restored:
    """Restore a backup."""
    return list(restore_backup(home, file, identity, **more))[-1]


def everything_below(folder):
    """Return every file below a folder with its content: for what must not change."""
    return {
        str(Path(place, name)): Path(place, name).read_bytes() for place, _folders, names in os.walk(folder)
        for name in names
    }  # fmt: skip
