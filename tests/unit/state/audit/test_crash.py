"""kill -9 at random: what was acknowledged is stored, and the chain holds."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

WRITER = """
import sys, threading
from pathlib import Path
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.audit.witness import Witness
from appliance.state.database import Database

url, folder = sys.argv[1], Path(sys.argv[2])
log = AuditLog(Database.open(url), AuditKeys(folder / "secrets", folder / "public.pem", "international"),
               Witness(folder / "witness.json"))
log.close_aborted()
out = threading.Lock()

def serve(worker):
    for number in range(100_000):
        name = f"{sys.argv[3]}-{worker}-{number}"
        for kind in ("request.opened", "request.completed"):
            seq, = log.append([NewRecord(kind, name, content="text" if number % 10 == 0 else None)])
            with out:
                sys.stdout.write(f"{seq} {kind} {name}\\n")
                sys.stdout.flush()

for worker in range(8):
    threading.Thread(target=serve, args=(worker,), daemon=True).start()
threading.Event().wait()
"""


def test_kill_9_loses_no_acknowledged_record(desk, url, tmp_path):
    acknowledged = set()
    chance = random.Random(20)
    wanted, run = 1000, 0
    while run < 60 and (len(acknowledged) < 2 * wanted or run < 6):
        run += 1
        seen = tmp_path / f"acknowledged-{run}"
        with seen.open("wb") as file:
            writer = subprocess.Popen([sys.executable, "-c", WRITER, url, str(tmp_path), str(run)], stdout=file)
            while seen.stat().st_size == 0 and writer.poll() is None:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.02, 0.6))
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait()
        # A last line that was cut off was not seen by the client.
        acknowledged |= {line for line in seen.read_text().split("\n")[:-1] if line}
    with desk.database.read() as connection:
        rows = connection.execute(text("SELECT seq, kind, request_id FROM audit_records"))
        stored = {f"{row.seq} {row.kind} {row.request_id}" for row in rows}
    assert len(acknowledged) >= 2 * wanted
    assert acknowledged <= stored
    left = len(desk.log.open_requests())
    assert desk.log.close_aborted() == left
    assert desk.faults() == []
    assert Path(desk.witness.path).exists()
