import asyncio
import time

import pytest
from pytest_textual_snapshot import SVGImageExtension

from tests.tui.recorded import KEY_READS

# The plug-in still sets this by the name that older syrupy used; without it pictures are called *.raw.
SVGImageExtension.file_extension = "svg"


@pytest.fixture(autouse=True)
def one_time_zone(monkeypatch):
    """Times on the screens are local: make every machine's local time the same, and no terminal special."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def counted_key_reads(monkeypatch):
    """`settled` waits for key files that are read in threads."""
    monkeypatch.setattr(KEY_READS, "busy", 0)
    monkeypatch.setattr(asyncio, "to_thread", KEY_READS.to_thread)
