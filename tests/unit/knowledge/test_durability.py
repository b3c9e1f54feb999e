"""What is acknowledged is there afterwards: kill -9 at any moment, a disk that fills up."""

import hashlib
import random
import subprocess
import sys
import time

import pytest

from appliance.core.errors import DiskFull
from tests.unit.knowledge.conftest import open_store
from tests.unit.knowledge.principals import PLATFORM, index_all, prepare_here

# Uploads documents and versions and indexes them at the same time; tells each one that is acknowledged.
WRITER = """
import sys, threading, time
from pathlib import Path
from tests.unit.knowledge.conftest import open_store
from tests.unit.knowledge.principals import PLATFORM, index_all, prepare_here
from appliance.knowledge.e5 import LocalEmbedder

folder, begin = Path(sys.argv[1]), int(sys.argv[2])
store = open_store(folder, LocalEmbedder(threads=1), prepare=prepare_here)
store.ensure_base(PLATFORM, "rules", "Rules")
print("ready", flush=True)

def index():
    while True:
        index_all(store)

threading.Thread(target=index, daemon=True).start()
for number in range(begin, begin + 1000):
    content = f"Rule {number}\\n\\nBranch {number} opens at {number % 12} o'clock.\\n".encode()
    document = store.add_document(PLATFORM, "rules", f"{number}.txt", content)
    print(document.id, document.version, document.sha256, flush=True)
    time.sleep(0.02)
    if number % 3 == 0:
        changed = store.add_version(PLATFORM, "rules", document.id, f"{number}.txt", content + b"Closed on Monday.")
        print(changed.id, changed.version, changed.sha256, flush=True)
"""
ROUNDS = 3


def test_kill_9_at_any_moment_loses_nothing_acknowledged(tmp_path, embedder):
    dice = random.Random(3)
    acknowledged = []
    for round_ in range(ROUNDS):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(round_ * 1000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "ready\n"
            time.sleep(dice.uniform(0.1, 0.6))
            writer.kill()
            # The last line may be half a line: the process died while it printed.
            acknowledged += [
                line.split() for line in writer.stdout.read().splitlines(keepends=True) if line[-1] == "\n"
            ]
    assert len(acknowledged) > ROUNDS
    store = open_store(tmp_path, embedder, prepare=prepare_here)
    for document_id, version, digest in acknowledged:
        path, found = store.original(PLATFORM, "rules", document_id, int(version))
        assert found.sha256 == digest == hashlib.sha256(path.read_bytes()).hexdigest()
    rows = [version for filed in store._rows.of_base("rules") for version in filed.versions]
    files = {path.name for path in (tmp_path / "documents" / "rules").iterdir()}
    assert files == {store._originals.path_of("rules", version).name for version in rows}
    index_all(store)
    assert store.pending() == 0
    broken = [document.reason for document in store.documents(PLATFORM, "rules") if document.status != "indexed"]
    assert broken == []
    inside = store._catalogue.get("rules").index().versions()
    assert inside == {version.key for version in rows}


def test_a_full_disk_refuses_the_upload_and_keeps_the_rest(small_disk, embedder, tmp_path):
    store = open_store(tmp_path, embedder, prepare=prepare_here)
    store._originals._folder = small_disk / "documents"
    store.ensure_base(PLATFORM, "rules", "Rules")
    kept = store.add_document(PLATFORM, "rules", "small.txt", b"A small locker costs 300 yuan a year.")
    with pytest.raises(DiskFull):
        store.add_document(PLATFORM, "rules", "large.txt", b"Long rules. " * 200_000)
    with pytest.raises(DiskFull):
        store.add_version(PLATFORM, "rules", kept.id, "large.txt", b"Long rules. " * 200_000)
    assert [path.stem for path in (small_disk / "documents" / "rules").iterdir()] == [kept.id]
    assert index_all(store) == ["done"]
    assert [document.version for document in store.documents(PLATFORM, "rules")] == [1]
    assert store.search(PLATFORM, "rules", "locker")[0].document == "small.txt"


def test_a_disk_that_fills_up_under_the_index_is_no_damage(small_disk, embedder, tmp_path):
    store = open_store(tmp_path, embedder, prepare=prepare_here)
    store._catalogue._indexes_folder = small_disk / "indexes"
    store.ensure_base(PLATFORM, "rules", "Rules")
    store.add_document(PLATFORM, "rules", "small.txt", b"A small locker costs 300 yuan a year.")
    assert index_all(store) == ["done"]
    words = "\n\n".join(f"Rule {line}: branch {line} opens at {line % 12} o'clock." for line in range(30))
    store.add_document(PLATFORM, "rules", "more.txt", words.encode())
    with pytest.raises(OSError, match="space"):
        (small_disk / "filler").write_bytes(bytes(2 * 1024 * 1024))
    with pytest.raises(DiskFull):
        index_all(store)
    assert store.search(PLATFORM, "rules", "small locker")[0].document == "small.txt"
    (small_disk / "filler").unlink()
    assert index_all(store) == ["done"]
    assert store.pending() == 0
    assert store.search(PLATFORM, "rules", "small locker")[0].document == "small.txt"
