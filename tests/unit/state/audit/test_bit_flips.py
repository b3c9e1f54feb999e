"""Overwritten bytes of the database's file are found, and told with the record where a record is hit."""

import random
import sqlite3

from appliance.state.audit.records import NewRecord
from appliance.state.database import Database, sqlite_url
from tests.unit.state.audit.conftest import Desk


def test_overwritten_bytes_are_found_every_time(local_desk, tmp_path):
    for number in range(60):
        local_desk.log.append(
            [
                NewRecord(
                    "request.opened", f"req-{number:03}", "retail", data={"note": f"note-{number:03}"}, content="text"
                )
            ]
        )
    local_desk.database.close()
    path = tmp_path / "appliance.db"
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    whole = path.read_bytes()
    chance = random.Random(18)
    for _round in range(25):
        number = chance.randrange(60)
        mark = f'"note":"note-{number:03}"'.encode()
        at = whole.index(mark) + chance.randrange(len(mark))
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(spoilt))
        database = Database.open(sqlite_url(path))
        desk = Desk.__new__(Desk)
        desk.__dict__.update(local_desk.__dict__, database=database)
        assert ("changed", number + 1, number + 1) in desk.faults(), (at, spoilt[at])
        database.close()
    path.write_bytes(whole)
