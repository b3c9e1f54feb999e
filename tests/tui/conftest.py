import time

import pytest
from pytest_textual_snapshot import SVGImageExtension

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
