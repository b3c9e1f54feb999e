import re

import pytest

from scenarios.reports import showing
from scenarios.reports.outlines.loading import catalogue
from scenarios.reports.writing.tracing import coverage, untraced

from . import made

LANGUAGES = ("zh_CN", "en")
every = pytest.mark.parametrize("language", LANGUAGES)
each = pytest.mark.parametrize("template", made.SAMPLES)


def test_every_shipped_template_has_a_sample():
    assert set(catalogue()) == set(made.SAMPLES)


@each
@every
def test_every_number_is_traced_and_sentences_name_their_sources(report, template, language):
    whole = report(template, language)
    assert untraced(whole, catalogue()[template].literal) == []
    assert coverage(whole) >= 0.95


@each
@every
def test_no_section_is_empty_and_no_reference_is_left(report, template, language):
    whole = report(template, language)
    for section in whole.sections:
        assert section.blocks, section.id
    for table in made.tables(whole):
        assert table.rows, table.id
        assert all(len(row) == len(table.columns) for row in table.rows), table.id
    nothing = {"zh_CN": "没有可供本节依据的内容", "en": "hold nothing on which this section could rest"}
    texts = [whole.title, *(one.text for one in made.sentences(whole))]
    assert all(text.strip() for text in texts)
    texts += [cell.text for table in made.tables(whole) for row in table.rows for cell in row]
    for text in texts:
        assert not re.search(r"[{}]", text)
        assert nothing[language] not in text
        assert "  " not in text


@each
@every
def test_texts_are_of_the_reports_language(report, template, language):
    whole = report(template, language)
    chinese = re.compile("[\u4e00-\u9fff]")
    own = [one for one in made.sentences(whole) if one.kind != "quotation"]
    wrong = [one.text for one in own if bool(chinese.search(one.text)) != (language == "zh_CN")]
    assert wrong == []
    heads = [head for table in made.tables(whole) for head in (table.caption, *table.columns)]
    heads += [block.picture.alt for one in whole.sections for block in one.blocks if block.type == "picture"]
    assert [head for head in heads if bool(chinese.search(head)) != (language == "zh_CN")] == []


@each
def test_a_required_paper_that_is_taken_away_is_named_as_missing(folder, template):
    outline = catalogue()[template]
    required = [one.kind for one in outline.documents if one.required]
    assert required
    for kinds in required:
        less = folder(template, "zh_CN").without(kinds.split("|"))
        dossier, analysis = made.examined(less)
        needing = [one.id for one in outline.sections if set(kinds.split("|")) & set("|".join(one.needs).split("|"))]
        assert needing, kinds
        sections = [made.write_section(outline, one, dossier, analysis) for one in needing]
        whole = made.assemble(outline, dossier, analysis, sections, report_id="r", author="a", made_at="2026-11-27")
        assert f"kind:{kinds.split('|')[0]}" in [one.about for one in whole.gaps if one.required]
        for section in sections:
            first = section.blocks[0].sentences[0]
            assert (first.kind, section.blocks[0].style) == ("gap", "warning"), section.id
        assert untraced(whole, outline.literal) == []


@every
def test_opinions_are_marked_and_the_case_accuses_nobody(report, language):
    whole = report("aml-case", language)
    said = made.said(whole)
    for word in ("洗钱犯罪", "涉嫌", "非法", "crime", "criminal", "laundered", "illegal", "guilty"):
        assert word not in said, word
    judged = [one for name in ("assessment", "steps") for one in made.sentences(whole, name)]
    assert [one.kind for one in judged].count("opinion") >= 8
    assert all(one.places or one.rests_on for one in judged)
    assert catalogue()["aml-case"].sign_off == "required"


@every
def test_the_case_states_what_was_planted(report, folder, language):
    whole, planted = report("aml-case", language), folder("aml-case", language).planted.facts
    figures = made.figures(whole)
    assert figures["cash_deposits.count"].value == planted["cash_deposits"]
    assert figures["counterparty_outflow.1"].value == pytest.approx(planted["passed_on"])
    assert figures["structuring.count"].value == planted["cash_deposits"]
    assert figures["turnover_to_expected"].value == pytest.approx(figures["inflow_total"].value / 3 / 100_000)
    assert figures["payment_count"].value == 78
    assert figures["count.alert"].value == 3
    assert whole.conflicts == ()
    party = {"zh_CN": "北汀离岸服务公司", "en": "Northmere Offshore Services"}[language]
    assert party in made.said(whole, "by_counterparty")
    assert figures["cash_deposits.total"].shown in made.said(whole, "cash")
    answer = {"zh_CN": "答：是代朋友付货款，没有合同。", "en": "there is no contract."}[language]
    assert answer in made.said(whole, "statements")


@every
def test_the_commentary_states_the_returns_of_the_quarter(report, folder, language):
    whole, planted = report("fund-commentary", language), folder("fund-commentary", language).planted.facts
    figures = made.figures(whole)
    assert figures["fund_return"].value == pytest.approx(planted["quarter_return"])
    assert figures["benchmark_return"].value == pytest.approx(planted["benchmark_return"])
    summary = made.said(whole, "summary")
    for name in ("quarter_return", "benchmark_return"):
        assert f"{planted[name] * 100:.2f}%" in summary
    assert figures["holding_count"].value == 10
    held = next(table for table in made.tables(whole, "holdings"))
    assert len(held.rows) == 10
    assert {table.id for table in made.tables(whole, "industries")}
    assert figures["top_weight"].value == pytest.approx(sum(figures[f"holding_weight.{n}"].value for n in range(1, 11)))


@every
def test_the_morning_note_lists_every_instrument_with_its_value(report, folder, language):
    whole, planted = report("morning-note", language), folder("morning-note", language).planted.facts
    rows = {
        row[0].text: row[1].text
        for section in ("equities", "rates", "prices")
        for table in made.tables(whole, section)
        for row in table.rows
    }
    assert set(rows) == set(planted)
    for name, value in planted.items():
        assert float(rows[name].replace(",", "").rstrip("%")) == pytest.approx(value)
    repo = {"zh_CN": "隔夜回购利率上升3个基点至1.42%。", "en": "Overnight repo rate rose by 3 basis points to 1.42%."}
    assert repo[language] in made.said(whole, "rates")


@every
@pytest.mark.parametrize("template", ["sme-loan", "due-diligence"])
def test_reports_on_companies_state_the_revenue_and_the_request(report, folder, template, language):
    whole, planted = report(template, language), folder(template, language).planted
    last = max(one.period for one in planted.truth)
    scopes = [one for one in planted.truth if (one.account, one.period) == ("revenue", last)]
    revenue = showing.shown(scopes[0].value, "CNY", language)
    request = showing.shown(planted.facts["requested_amount"], "CNY", language)
    loans = showing.shown(planted.facts["outstanding_loans"], "CNY", language)
    summary = made.said(whole, "summary")
    assert revenue in summary
    assert request in summary
    assert loans in made.said(whole, "debt")


@every
def test_the_small_loan_weighs_the_repayment_against_the_receipts(report, folder, language):
    whole, planted = report("sme-loan", language), folder("sme-loan", language).planted.facts
    figures = made.figures(whole)
    instalment = planted["requested_amount"] / planted["requested_term_months"]
    assert figures["monthly_instalment"].value == pytest.approx(instalment)
    monthly = figures["business_inflow_total"].value / 12
    assert figures["monthly_average_inflow"].value == pytest.approx(monthly)
    assert figures["instalment_to_inflow"].value == pytest.approx(instalment / monthly)
    assert figures["instalment_to_inflow"].shown in made.said(whole, "repayment")


def test_a_small_company_without_statements_is_judged_by_its_accounts(folder):
    less = folder("sme-loan", "zh_CN").without(["statements"])
    whole = made.report_of(less)
    assert untraced(whole, ()) == []
    assert "kind:statements" in [one.about for one in whole.gaps]
    assert made.sentences(whole, "statements")[0].kind == "gap"
    assert made.figures(whole)["inflow_total"].shown in made.said(whole, "summary")
