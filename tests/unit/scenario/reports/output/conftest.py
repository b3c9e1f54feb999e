"""One report for the tests that only read it."""

import pytest

from scenarios.reports.models import Report

from .made import make_report


@pytest.fixture(scope="session")
def report() -> Report:
    return make_report(chapters=2, long_rows=60)
