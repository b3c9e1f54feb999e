import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.reports.models import Cell, Paragraph, TableBlock
from scenarios.reports.writing.quantities import quantities
from scenarios.reports.writing.tracing import coverage, untraced
from tests.unit.scenario.reports.building import BALANCE, CASH, INCOME, YEARS, Folder, whole_folder
from tests.unit.scenario.reports.writing.reported import sentences, whole_report

ACCOUNTS = sorted({*BALANCE, *INCOME, *CASH})
MONEY = st.one_of(st.none(), st.floats(-5e9, 5e9).map(lambda value: round(value, 2)), st.just(0.0))


@pytest.fixture(scope="session")
def plain(due_diligence):
    """The outline without its charts, which take most of the time."""
    sections = tuple(
        one.model_copy(update={"parts": tuple(part for part in one.parts if part.chart is None)})
        for one in due_diligence.sections
    )
    return due_diligence.model_copy(update={"sections": sections})


@pytest.fixture(scope="session")
def reports(plain):
    return {language: whole_report(plain, whole_folder(language)) for language in ("en", "zh_CN")}


def with_text(report, section_id, change):
    """Return the report with a section whose sentences `change` has changed."""

    def block(one):
        if one.type != "paragraph":
            return one
        return Paragraph(style=one.style, sentences=tuple(change(sentence) for sentence in one.sentences))

    sections = tuple(
        one.model_copy(update={"blocks": tuple(block(each) for each in one.blocks)}) if one.id == section_id else one
        for one in report.sections
    )
    return report.model_copy(update={"sections": sections})


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_number_of_the_whole_report_is_traced_and_nearly_every_sentence_has_a_source(due_diligence, language):
    report = whole_report(due_diligence, whole_folder(language))
    found = [one for section in report.sections for one in sentences(section.blocks)]
    assert sum(len(quantities(one.text)) for one in found) > 150
    assert untraced(report, due_diligence.literal) == []
    assert coverage(report) >= 0.95


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    language=st.sampled_from(["en", "zh_CN"]),
    changed=st.dictionaries(st.sampled_from(ACCOUNTS), MONEY, max_size=12),
    years=st.integers(0, 3),
    parts=st.sets(st.sampled_from(["company", "flows", "loose_ends"])),
    months=st.integers(1, 12),
)
def test_every_number_is_traced_whatever_the_folder_holds(plain, language, changed, years, parts, months):
    folder = Folder(language)
    if years:
        folder.statements(YEARS[-years:], **changed)
    if "company" in parts:
        folder.company().contradiction(used=None if months % 2 else 0)
    if "flows" in parts:
        folder.flows(months)
    if "loose_ends" in parts:
        folder.loose_ends()
    report = whole_report(plain, folder)
    assert untraced(report, plain.literal) == []
    assert coverage(report) >= 0.95


PLANTED = {
    "en": ("4.71 million", "13.37%", "1,999", "17 cases", "2019", "0.6", "2024-03-07", "CNY 1"),
    "zh_CN": (
        "4.71万元",
        "13.37%",
        "1,999",
        "十七家",
        "2019年",
        "3.9倍",
        "2024年3月7日",
        "四成",
        "壹佰贰拾万元",
        "2.37亿元",
    ),
}


@pytest.mark.parametrize(("language", "number"), [(name, one) for name, texts in PLANTED.items() for one in texts])
def test_a_planted_number_is_found(reports, language, number):
    report = reports[language]
    changed = with_text(report, "solvency", lambda one: one.model_copy(update={"text": f"{one.text} {number}"}))
    found = untraced(changed)
    of = sum(len(sentences(section.blocks)) for section in report.sections if section.id == "solvency")
    assert len({one.id for one in found}) == of
    assert {one.where for one in found} == {"sentence"}


def test_a_number_of_another_sentence_is_not_this_ones(reports):
    report = reports["zh_CN"]
    changed = with_text(report, "request", lambda one: one.model_copy(update={"text": "资产负债率为56.13%。"}))
    assert {one.number for one in untraced(changed)} == {"56.13%"}


def test_a_planted_number_in_a_table_or_a_caption_is_found(reports):
    report = reports["en"]

    def change(one):
        if one.type != "table" or one.table.caption != "Ratios of solvency and liquidity":
            return one
        (title, *cells, last) = one.table.rows[0]
        rows = ((title, *cells, Cell(text="1.39", figure=last.figure, place=last.place)), *one.table.rows[1:])
        return TableBlock(table=one.table.model_copy(update={"rows": rows, "caption": "Ratios of 31 firms"}))

    sections = tuple(
        one.model_copy(update={"blocks": tuple(change(each) for each in one.blocks)}) for one in report.sections
    )
    found = untraced(report.model_copy(update={"sections": sections}))
    assert [(one.where, one.number) for one in found] == [("caption", "31"), ("cell", "1.39")]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("2025年12月31日余额1,234.50万元", ["day", "number"]),
        ("2025年1-9月增长12.34%", ["month", "percent"]),
        ("end of 2025, CNY 12.35 million in 45 days", ["number"] * 3),
        ("持股百分之三十五，共十二家", ["percent", "number"]),
        ("单位：万元；一致；三一重工", []),
        ("f03 与 3fa9c0d2e1b4a596、91310115MA1K4QXX0E", []),
        ("12million and 5MB", ["number", "number"]),
    ],
)
def test_quantities_are_read_with_their_kind(text, kinds):
    assert [one.kind for one in quantities(text)] == kinds


def test_a_sentence_without_a_source_lowers_the_coverage(reports):
    report = reports["en"]
    bare = with_text(report, "solvency", lambda one: one.model_copy(update={"places": (), "rests_on": ()}))
    count = sum(len(sentences(section.blocks)) for section in report.sections)
    without = sum(len(sentences(section.blocks)) for section in report.sections if section.id == "solvency")
    assert coverage(bare) == pytest.approx(coverage(report) - without / count)
