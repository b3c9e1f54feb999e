"""Fixtures that more than one package of tests uses."""

import pytest

from appliance.core.messages import set_language


@pytest.fixture(autouse=True)
def _english():
    """Texts are compared in English unless a test says otherwise."""
    set_language("en")
