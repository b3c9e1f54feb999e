"""Separate hosts on this machine; a test that needs them says why where there can be none."""

import os
import sys
from pathlib import Path

import pytest

# The fault tests are a program of their own beside the package, and so are its modules.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from lab import Lab, reason_to_skip

_NEEDS_ENGINES = "test_two_nodes"


def pytest_collection_modifyitems(items):
    """Two nodes with engines take longer to start than one test may take."""
    for item in items:
        if item.path.stem == _NEEDS_ENGINES:
            item.add_marker("stack")
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def model_home() -> Path:
    """Return the home folder whose base model the hosts share; `tests/stack.sh` has built it."""
    return Path(os.environ.get("APPLIANCE_TEST_MODEL_HOME", Path(__file__).parents[2] / ".test-home"))


@pytest.fixture(scope="session")
def hosts_can_be_made() -> None:
    """Skip where hosts cannot be made."""
    if reason := reason_to_skip():
        pytest.skip(reason)


@pytest.fixture
def lab(hosts_can_be_made, tmp_path) -> Lab:
    """Return two hosts, `head` and `worker`, that are gone afterwards."""
    with Lab(tmp_path, ["head", "worker"]) as made:
        yield made
