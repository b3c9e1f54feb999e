"""The sample bank, made once for the tests of a process; nobody changes its files: copy them first."""

from datetime import date
from pathlib import Path

import pytest

from scenarios.advisor.data.dataset import Dataset
from scenarios.advisor.data.loading import load_dataset
from scenarios.advisor.data.sample import make_sample

LAST = date(2026, 10, 30)
TODAY = date(2026, 11, 2)


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bank") / "sample"
    make_sample(folder, LAST)
    return folder


@pytest.fixture(scope="session")
def sample(sample_folder) -> Dataset:
    return load_dataset(sample_folder, TODAY)
