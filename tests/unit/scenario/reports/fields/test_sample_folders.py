"""The papers of made-up companies, written and read as a bank's are: everything that was hidden in them is found."""

import pytest

from scenarios.reports.fields.reading import read_facts
from scenarios.reports.flows.analysing import analyse
from scenarios.reports.flows.payments import read_payments
from scenarios.reports.reading.files import read_file
from scenarios.reports.samples.companies import company
from scenarios.reports.samples.folders import write_folder
from scenarios.reports.sorting.kinds import sort_file


@pytest.fixture(scope="module", params=[(6, "zh_CN", ()), (3, "en", ("wrong_company",))], ids=["zh", "en"])
def folder(request, tmp_path_factory):
    number, language, faults = request.param
    path = tmp_path_factory.mktemp("papers")
    planted = write_folder(company(number), path, language=language, faults=faults)
    readings = []
    for at, file in enumerate(sorted(path.iterdir()), start=1):
        reading = read_file(file, f"f{at:02d}", file.name, language)
        readings.append(reading.model_copy(update={"file": sort_file(reading)}))
    return planted, readings, read_facts(readings, "", language), language


def test_every_paper_is_of_its_kind(folder):
    planted, readings, _found, _language = folder
    assert {one.file.name: one.file.kind for one in readings} == planted.kinds


def test_every_fact_is_right_and_quoted(folder):
    planted, _readings, found, _language = folder
    for name, wanted in planted.facts.items():
        given = [one for one in found.facts if one.name == name and one.group in ("", "tax.2025", "collateral.1")]
        assert given, name
        value = given[0].number if isinstance(wanted, float) else given[0].value.replace(" ", "")
        assert value == (wanted if isinstance(wanted, float) else wanted.replace(" ", "")), name
        assert given[0].place.quote, name


def test_every_disagreement_of_fields_is_a_conflict_of_both_papers(folder):
    planted, _readings, found, _language = folder
    told = [one for one in planted.conflicts if "@" not in one.about]
    assert told
    for one in told:
        places = [
            {place.name for place in each.places} for each in found.conflicts if each.about == f"field:{one.about}"
        ]
        assert any(set(one.files) <= names for names in places), one


def test_only_papers_of_the_other_company_are_left_out(folder):
    planted, readings, found, _language = folder
    names = {one.file.id: one.file.name for one in readings}
    assert [names[one] for one in found.other_companies] == planted.other_company
    assert all(fact.place.file not in found.other_companies for fact in found.facts)


def test_every_pattern_of_the_bank_statements_is_found(folder):
    planted, readings, found, language = folder
    patterns = planted.patterns
    read = read_payments(readings, language)
    related = [one.value for one in found.facts if one.name in ("shareholder_name", "manager_name")]
    analysis = analyse(read.payments, found.subject, language, None, related)
    figures = {one.name: one.value for one in analysis.figures}
    assert figures["round_trip_total"] == pytest.approx(sum(one[2] for one in patterns.round_trips))
    assert figures["cash_withdrawal_total"] == pytest.approx(sum(one[1] for one in patterns.cash_withdrawals))
    assert figures["related_party_total"] == pytest.approx(sum(one[1] for one in patterns.related))
    assert figures["night_count"] == len(patterns.nightly)
    assert f"kind:bank_statement@{patterns.missing_month}" in [gap.about for gap in read.gaps]
