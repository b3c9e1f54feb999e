"""Everything in this folder starts an appliance of its own, in a terminal."""

import pytest


def pytest_collection_modifyitems(items):
    """Starting takes longer than one test may."""
    for item in items:
        if item.path.parent.name == "terminal":
            item.add_marker("stack")
            item.add_marker(pytest.mark.timeout(1500))
