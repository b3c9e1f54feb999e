"""Fixtures that more than one package of tests uses."""

import gc
import os
import time

import pytest

from appliance.core.messages import set_language


def pytest_collection_finish() -> None:
    """Take the tests themselves, thousands of objects that stay, out of what each garbage collection looks at."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out tests of the stack that would begin after `APPLIANCE_TEST_UNTIL`: a slow machine names what it left."""
    until = os.environ.get("APPLIANCE_TEST_UNTIL")
    if until and item.get_closest_marker("stack") and time.time() > float(until):
        pytest.skip("LEFT OUT: the time for tests of the stack is over")


@pytest.fixture(autouse=True)
def _english():
    """Texts are compared in English unless a test says otherwise."""
    set_language("en")
