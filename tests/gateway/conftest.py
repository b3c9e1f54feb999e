"""The running appliance, started once."""

import pytest

from tests.gateway.documents import new_base
from tests.gateway.stack import Stack, run_cli, start_stack


def pytest_collection_modifyitems(items):
    """Everything in this folder needs the stack, and starting it takes longer than one test may."""
    for item in items:
        if item.path.parent.name == "gateway":
            item.add_marker("stack")
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def stack(tmp_path_factory) -> Stack:
    """Return an appliance that was brought up from an empty home and is stopped at the end."""
    home = tmp_path_factory.mktemp("home")
    try:
        yield start_stack(home)
    finally:
        run_cli(home, "down")


@pytest.fixture
def http(stack):
    """Return an HTTP client with the admin key."""
    with stack.client() as client:
        yield client


@pytest.fixture
def base(http) -> str:
    """Return the name of an empty knowledge base, which is gone afterwards."""
    with new_base(http) as name:
        yield name


@pytest.fixture(scope="session")
def caller_key(stack) -> str:
    """Return the key of a caller, not an administrator."""
    import json

    made = stack.cli("key", "create", "branch", "--json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["key"]
