"""Fixtures that more than one package of tests uses."""

import gc

import pytest

from appliance.core.messages import set_language


def pytest_collection_finish() -> None:
    """Take the tests themselves, thousands of objects that stay, out of what each garbage collection looks at."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _english():
    """Texts are compared in English unless a test says otherwise."""
    set_language("en")
