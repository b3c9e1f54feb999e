import re
from pathlib import Path

import pytest

from appliance.cli.exit_codes import EXIT_CODES, ExitCode, exit_code_for
from appliance.core.errors import ApplianceError, DiskFull, EngineFailed, NotFound
from appliance.core.messages import _

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def kinds(kind=ApplianceError):
    for child in kind.__subclasses__():
        if child.__module__ == "appliance.core.errors":
            yield child
            yield from kinds(child)


@pytest.mark.parametrize("kind", list(kinds()))
def test_every_kind_of_error_has_an_exit_code(kind):
    assert exit_code_for(kind(_("a text"))) not in (ExitCode.OK, ExitCode.UNEXPECTED)


def test_the_table_has_one_line_for_each_branch_and_no_code_twice():
    assert set(EXIT_CODES) == set(ApplianceError.__subclasses__()) & set(kinds())
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)


def test_a_kind_shares_the_code_of_its_branch():
    assert exit_code_for(DiskFull(_("a text"))) == ExitCode.PREFLIGHT
    assert exit_code_for(NotFound(_("a text"))) == ExitCode.REFUSED
    assert exit_code_for(EngineFailed(_("a text"))) == ExitCode.UNAVAILABLE


def test_codes_keep_their_numbers():
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "UNEXPECTED": 1,
        "USAGE": 2,
        "PREFLIGHT": 3,
        "NOT_RUNNING": 4,
        "ALREADY_RUNNING": 5,
        "START_FAILED": 6,
        "REFUSED": 7,
        "UNAVAILABLE": 8,
        "CHECKS_FAILED": 9,
        "PACKAGE": 10,
        "INTERRUPTED": 130,
    }


def test_the_page_documents_every_code():
    documented = re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert documented == [(str(code.value), code.name) for code in ExitCode]
