import random
import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
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


@settings(
    max_examples=6, phases=[Phase.explicit, Phase.generate], deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
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
    "en": (
        "4.71 million",
        "13.37%",
        "1,999",
        "17 cases",
        "2019",
        "0.6",
        "2024-03-07",
        "CNY 1",
        "CNY 3.7 million",
        "one case",
        "seventeen lenders",
        "CNY 0.45 million",
        "56.13",
    ),
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
        "2亿元",
        "一家",
        "56.13亿元",
        "0.00056",
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


@pytest.mark.parametrize(
    "section_id", ["summary", "request", "registration", "owners", "assets", "solvency", "cases", "debt"]
)
def test_an_amount_in_hundreds_of_millions_is_found_in_every_section(reports, section_id):
    report = reports["zh_CN"]
    changed = with_text(report, section_id, lambda one: one.model_copy(update={"text": f"{one.text}合同总额2亿元。"}))
    count = sum(len(sentences(section.blocks)) for section in report.sections if section.id == section_id)
    assert len({one.id for one in untraced(changed) if one.number.startswith("2亿")}) == count


def numbered(report):
    """Every sentence with numbers of decimals, that a slip would be seen in, and the paragraph it stands in."""
    for section in report.sections:
        for block in section.blocks:
            for one in block.sentences if block.type == "paragraph" else ():
                found = list(re.finditer(r"\d[\d,]*\.\d\d(?!\d)", one.text))
                if found and one.kind in ("figure", "fact"):
                    yield section.id, one, block.sentences, found


def only(report, section_id, sentence, text):
    changed = with_text(
        report, section_id, lambda one: one.model_copy(update={"text": text}) if one.id == sentence.id else one
    )
    section = next(one for one in changed.sections if one.id == section_id)
    return untraced(changed.model_copy(update={"sections": (section,)}))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_one_wrong_digit_of_any_number_is_found(reports, language):
    rng = random.Random(language)
    for section_id, sentence, _others, found in numbered(reports[language]):
        for match in found:
            at = rng.choice([place for place in range(*match.span()) if sentence.text[place].isdigit()])
            digit = rng.choice([one for one in "123456789" if one != sentence.text[at]])
            text = f"{sentence.text[:at]}{digit}{sentence.text[at + 1 :]}"
            if text[slice(*match.span())] in sentence.text:
                continue  # it became another number of the sentence
            assert only(reports[language], section_id, sentence, text), text


UNITS = {
    "万元": ("元", "亿元", "千元", "万美元"),
    "%": ("", "倍", "万元"),
    " million": ("", " billion", " thousand", "%"),
}


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_another_unit_of_any_number_is_found(reports, language):
    for section_id, sentence, _others, found in numbered(reports[language]):
        for match in found:
            behind = sentence.text[match.end() :]
            unit = next((one for one in UNITS if behind.startswith(one)), "")
            for other in UNITS.get(unit, ()) if float(match[0].replace(",", "")) else ():
                text = f"{sentence.text[: match.end()]}{other}{behind[len(unit) :]}"
                assert only(reports[language], section_id, sentence, text), text


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_numbers_of_two_sentences_of_a_paragraph_that_change_places_are_found(reports, language):
    tried = 0
    for section_id, sentence, others, found in numbered(reports[language]):
        own = set(re.findall(r"\d[\d,]*\.\d\d(?!\d)", sentence.text))
        sources = {*sentence.figures, *sentence.places}
        for other in others:
            if other.id == sentence.id or sources & {*other.figures, *other.places}:
                continue  # what both rest on may stand in both
            for each in re.finditer(r"\d[\d,]*\.\d\d(?!\d)", other.text):
                if float(each[0].replace(",", "")) and each[0] not in own:
                    text = f"{sentence.text[: found[0].start()]}{each[0]}{sentence.text[found[0].end() :]}"
                    assert only(reports[language], section_id, sentence, text), text
                    tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    ("language", "section_id", "given", "said"),
    [
        ("zh_CN", "cash", "净额为-150.00万元", "净额为150.00万元"),
        ("zh_CN", "cash", "自由现金流为-350.00万元", "自由现金流为350.00万元"),
        ("en", "cash", "CNY -1.50 million", "CNY 1.50 million"),
        ("en", "assets", "rose by", "fell by"),
        ("zh_CN", "summary", "较上年增长7.22%", "较上年下降7.22%"),
        ("en", "summary", "rose by 7.22%", "fell by 7.22%"),
    ],
)
def test_a_turned_sign_or_direction_is_found(reports, language, section_id, given, said):
    report = reports[language]
    of = [one for section in report.sections if section.id == section_id for one in sentences(section.blocks)]
    meant = [one for one in of if given in one.text]
    if given == "rose by" and not meant:
        given, meant = "grew by", [one for one in of if "grew by" in one.text]
    assert meant
    for one in meant:
        assert only(report, section_id, one, one.text.replace(given, said)), one.text


def test_a_year_that_is_no_period_of_the_report_is_found(reports):
    report = reports["zh_CN"]
    changed = with_text(
        report, "profitability", lambda one: one.model_copy(update={"text": one.text.replace("2025年", "2019年")})
    )
    assert {one.number for one in untraced(changed)} == {"2019年"}


def test_what_only_a_condition_found_is_no_source(outline):
    made = outline(
        {"text": {"en": "All is well.", "zh": "一切正常。", "when": {"fact": "auditor"}}},
        {"text": {"en": "Much is well.", "zh": "大体正常。", "when": {"kind": "licence"}}},
        {"text": {"en": "Equity is {item:total_equity@last}.", "zh": "权益为{item:total_equity@last}。"}},
    )
    section = next(one for one in whole_report(made, whole_folder("en")).sections if one.id == "one")
    assert [bool(one.places or one.figures) for one in sentences(section.blocks)] == [False, False, True]


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


NOTHING = {"places": (), "figures": (), "rests_on": ()}


def test_a_sentence_without_a_source_lowers_the_coverage(reports):
    report = reports["en"]
    bare = with_text(report, "solvency", lambda one: one.model_copy(update=NOTHING))
    count = sum(len(sentences(section.blocks)) for section in report.sections)
    without = sum(len(sentences(section.blocks)) for section in report.sections if section.id == "solvency")
    assert coverage(bare) == pytest.approx(coverage(report) - without / count)
