"""Each sample folder is written and read once, its report is written once."""

import pytest

from . import made


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    known = {}

    def of(template, language):
        if (template, language) not in known:
            path = tmp_path_factory.mktemp(f"{template}-{language}")
            known[template, language] = made.read_folder(template, language, path)
        return known[template, language]

    return of


@pytest.fixture(scope="session")
def report(folder):
    known = {}

    def of(template, language):
        if (template, language) not in known:
            known[template, language] = made.report_of(folder(template, language))
        return known[template, language]

    return of
