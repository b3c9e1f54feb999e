import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root():
    """Give the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def script():
    """Give a function that loads one of the scripts in images/, which are no package."""

    def load(name):
        specification = importlib.util.spec_from_file_location(f"images_{name}", ROOT / "images" / f"{name}.py")
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        return module

    return load
