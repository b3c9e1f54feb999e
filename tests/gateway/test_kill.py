"""SIGKILL under load: every answer that a caller got is in audit and usage, and the appliance comes back by itself."""

import asyncio
import sys
from pathlib import Path

import pytest

# The attack is a program of its own beside the package, and so are its modules.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from kill import VICTIMS, attack, await_ready, parse_arguments, replicas

REQUESTS = 60


@pytest.fixture
def _comes_back(stack):
    """Wait until everything works again: other tests use the same appliance."""
    yield
    asyncio.run(await_ready(stack.url, stack.admin_key))


@pytest.mark.parametrize("victim", VICTIMS)
def test_the_processes_are_found_by_their_titles(stack, victim):
    assert len(replicas(stack.home, VICTIMS[victim])) == 1


@pytest.mark.usefixtures("_comes_back")
def test_no_answer_is_lost_when_the_gateway_and_the_ledger_are_killed(stack):
    options = ["--home", str(stack.home), "--requests", str(REQUESTS), "--clients", "4", "--kills", "2"]
    seen, found, _seconds = attack(stack.home, parse_arguments(options))
    assert seen.kills == dict.fromkeys(VICTIMS, 1)
    assert len(seen.acknowledged) == REQUESTS
    assert all(one.tokens for one in seen.acknowledged if one.kind != "scenario")
    assert [text for text, met in found if not met] == []
