"""Contracts as real docx files, checked against the shipped standards. All names are fictitious."""

import io

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate

from appliance.core.errors import ConfigError, InvalidRequest
from scenarios.reports.contracts.checking import check, standards
from scenarios.reports.contracts.reporting import report
from scenarios.reports.models import Passage, Reading, SourceFile
from scenarios.reports.reading.files import read_file
from scenarios.reports.writing.tracing import coverage, untraced
from tests.unit.scenario.reports.contracts.contract_texts import ENGLISH, GUARANTEE, LOAN


def docx(text, table=()):
    document = Document()
    for line in text.split("\n"):
        document.add_paragraph(line)
    if table:
        grid = document.add_table(rows=0, cols=len(table[0]))
        for row in table:
            for cell, value in zip(grid.add_row().cells, row, strict=True):
                cell.text = value
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


@pytest.fixture
def read(tmp_path):
    def one(text, name="合同.docx", file_id="f01", table=()):
        path = tmp_path / f"{file_id}.docx"
        path.write_bytes(docx(text, table))
        return read_file(path, file_id, name, "zh_CN")

    return one


@pytest.fixture
def checked(read):
    """Check a text with replacements, each of which must be there."""

    def one(text=LOAN, *changes, standard="loan", language="zh_CN", table=(), book=None):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return check(read(text, table=table), book or standards()[standard], language, as_of="2025-03-31")

    return one


def found(done, rule):
    return [finding for finding in done.findings if finding.rule == rule]


def rules(done):
    return {finding.rule for finding in done.findings if finding.severity != "info"}


def rows(done, name):
    section = next(one for one in done.sections if one.id == f"f01.{name}")
    return [[cell.text for cell in row] for row in section.blocks[0].table.rows]


@pytest.mark.parametrize(("text", "standard"), [(LOAN, "loan"), (ENGLISH, "loan"), (GUARANTEE, "guarantee")])
def test_a_sound_contract_has_nothing_but_notes(checked, text, standard):
    done = checked(text, standard=standard)
    assert rules(done) == set()
    assert {row[2] for row in rows(done, "clauses")} <= {"相符", "无（非必备）"}


def test_a_pdf_is_checked_with_the_page_of_each_quote(tmp_path):
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("body", fontName="STSong-Light", fontSize=11, leading=18, wordWrap="CJK")
    path = tmp_path / "loan.pdf"
    SimpleDocTemplate(str(path)).build([Paragraph(line, style) for line in LOAN.replace("4.35%", "36%").split("\n")])
    done = check(read_file(path, "f01", "loan.pdf", "zh_CN"), standards()["loan"], "zh_CN", as_of="2025-03-31")
    assert rules(done) == {"element_out_of_range"}
    assert found(done, "element_out_of_range")[0].places[0].page == 1
    assert "第四条 （第1页）" in [row[3] for row in rows(done, "clauses")]
    assert {fact.name: fact.value for fact in done.facts}["lender"] == "临江示范银行股份有限公司"


@pytest.mark.parametrize("style", ["{}、", "{}. ", "第{}条 "])
def test_clauses_are_found_however_they_are_numbered(checked, style):
    text = LOAN
    for number, numeral in enumerate(["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一"], start=1):
        text = text.replace(f"\n第{numeral}条 ", f"\n{style.format(number if '.' in style else numeral)}")
    done = checked(text)
    assert rules(done) == set()
    assert "未识别到条款编号" not in "".join(gap.reason for gap in done.gaps)


def test_elements_become_facts_with_their_place(checked):
    facts = {fact.name: fact for fact in checked().facts}
    assert facts["loan_amount"].number == 5_000_000.0
    assert facts["interest_rate"].number == pytest.approx(0.0435)
    assert facts["loan_term"].number == 12.0
    assert facts["ends_on"].value == "2026-03-05"
    assert facts["borrower"].value == "临江精工机械有限公司"
    assert "4.35%" in facts["interest_rate"].place.quote
    assert facts["interest_rate"].place.line is not None


def test_a_missing_clause_is_named_and_counted(checked):
    done = checked(LOAN, ("第八条 借款人义务\n借款人应按贷款人要求提供财务报表。\n", ""), ("或违反第八条", ""))
    assert [row[0] for row in rows(done, "clauses") if row[2] == "缺失"] == ["借款人义务"]
    assert "借款人义务" in found(done, "clause_missing")[0].text
    assert next(figure for figure in done.figures if figure.name == "clauses_missing").shown == "1"
    assert [finding.text for finding in found(done, "number_skipped")] == ["“第七条”之后为“第九条”，编号不连续。"]


def test_a_clause_without_a_title_is_found_by_its_words(checked):
    done = checked(LOAN, ("第四条 借款利率\n", "第四条\n"))
    assert next(row for row in rows(done, "clauses") if row[0] == "借款利率")[2] == "相符"


def test_an_element_out_of_range_is_a_deviation_with_the_quote(checked):
    done = checked(LOAN, ("4.35%", "36%"))
    finding = found(done, "element_out_of_range")[0]
    assert "36%" in finding.text
    assert "36%" in finding.places[0].quote
    assert next(row for row in rows(done, "elements") if row[0] == "年利率")[2:] == ["36%", "0.00%至24.00%", "超出标准"]


def test_a_changed_word_is_shown_in_both_wordings(checked):
    done = checked(LOAN, ("未经贷款人书面同意，不得改变", "未经贷款人书面同意，可以改变"))
    changed = next(row for row in rows(done, "wording") if row[0] == "借款用途")
    assert "〔-不得-〕" in changed[1]
    assert "〔+可以+〕" in changed[2]
    assert found(done, "wording_changed")[0].severity == "warning"


def test_a_sentence_of_the_standard_that_is_left_out_is_shown(checked):
    left_out = "借款人不得将借款用于固定资产投资、股权投资，不得用于国家禁止生产、经营的领域和用途。"
    done = checked(LOAN, (left_out, ""))
    assert found(done, "wording_omitted")
    assert any(left_out in row[1] for row in rows(done, "wording"))


def test_a_forbidden_wording_is_found_within_its_clause_and_anywhere(checked):
    done = checked(
        LOAN, ("按月结息。", "按月结息，利息提前扣除利息。"), ("提供财务报表。", "提供财务报表，最终解释权归贷款人。")
    )
    assert len(found(done, "forbidden")) == 2


@pytest.mark.parametrize(
    ("capitals", "rule"),
    [("伍佰伍拾万元整", "amounts_differ"), ("伍仟万元整", "amounts_differ"), ("伍伍佰元整", "capitals_unread")],
)
def test_an_amount_in_words_is_held_against_the_digits_and_not_guessed(checked, capitals, rule):
    done = checked(LOAN, ("人民币伍佰万元整", f"人民币{capitals}"))
    assert rules(done) == {rule}
    assert capitals in found(done, rule)[0].text


def test_the_difference_of_amounts_is_a_figure_with_both_places(checked):
    done = checked(LOAN, ("伍佰万元整", "伍佰伍拾万元整"))
    figure = next(one for one in done.figures if one.name == "amount_difference")
    assert figure.value == 500_000.0
    assert found(done, "amounts_differ")[0].figures == (figure.id,)


def test_english_words_are_held_against_the_digits(checked):
    done = checked(ENGLISH, ("RMB 5,000,000.00", "RMB 5,500,000.00"), language="en")
    assert rules(done) == {"amounts_differ"}


def test_one_amount_given_twice_with_different_values_is_found(checked):
    done = checked(LOAN, ("提供财务报表。", "提供财务报表。借款本金人民币600万元。"))
    assert "人民币600万元" in found(done, "element_differs")[0].text


def test_dates_out_of_order_and_dates_that_do_not_exist_are_found(checked):
    assert "span_reversed" in rules(checked(LOAN, ("至2026年3月5日", "至2024年3月5日")))
    assert "dates_reversed" in rules(checked(LOAN, ("至2026年3月5日", "至2024年3月5日")))
    assert rules(checked(LOAN, ("至2026年3月5日", "至2026年2月30日"))) == {"day_impossible"}


def test_a_term_that_is_not_the_time_between_its_dates_is_found(checked):
    done = checked(LOAN, ("至2026年3月5日", "至2027年3月5日"))
    assert rules(done) == {"term_mismatch"}
    assert "24个月" in found(done, "term_mismatch")[0].text
    assert rules(checked(LOAN, ("至2026年3月5日", "至2026年3月4日"))) == set()


def test_a_blank_is_found_and_a_place_for_signatures_is_only_to_be_signed(checked):
    done = checked(LOAN, ("加收50%", "加收__%"))
    assert [finding.severity for finding in found(done, "blank")] == ["serious"]
    assert [finding.severity for finding in found(done, "to_sign")] == ["info"]
    assert "逾期加收" in found(done, "element_unfilled")[0].text
    assert next(row for row in rows(done, "clauses") if row[0] == "罚息")[2] == "未填写"


def test_parties_named_differently_are_found_in_the_text_and_where_they_sign(checked):
    done = checked(
        LOAN,
        ("（盖章）：临江精工机械", "（盖章）：临江精工机诫"),
        ("借款人满足提款条件", "临江精工机械厂有限公司满足提款条件"),
    )
    texts = " ".join(finding.text for finding in found(done, "party_differs"))
    assert len(found(done, "party_differs")) == 2
    assert "临江精工机诫有限公司" in texts
    assert "临江精工机械厂有限公司" in texts


@pytest.mark.parametrize(("name", "rule"), [("借款人：\n", "party_differs"), ("", "party_differs")])
def test_another_name_where_it_is_signed_is_no_name_in_the_head(checked, name, rule):
    done = checked(LOAN, ("借款人：临江精工机械有限公司\n", name))
    assert rule not in rules(done)


def test_a_party_without_a_name_is_found(checked):
    done = checked(
        LOAN, ("借款人：临江精工机械有限公司", "借款人：____"), ("（盖章）：临江精工机械有限公司", "（盖章）：")
    )
    assert "party_unnamed" in rules(done)


def test_a_reference_to_a_clause_that_is_not_there_is_found_and_one_into_a_law_is_not(checked):
    done = checked(LOAN, ("按第一条约定", "按第二十条约定"))
    assert [finding.text for finding in found(done, "reference_dangling")] == ["合同引用“第二十条”，但无此条款。"]
    law = (
        "《中华人民共和国民法典》第六百七十条",
        "《中华人民共和国民法典》第六百七十条、第六百七十六条和《商业银行法》第四十二条",
    )
    assert rules(checked(LOAN, law)) == set()


def test_annexes_and_terms_that_nobody_supplies_are_found(checked):
    done = checked(LOAN, ("提供财务报表。", "于每个工作日按附件一提供财务报表，甲方可以抽查。"))
    assert rules(done) == {"annex_absent", "term_undefined"}
    assert len(found(done, "term_undefined")) == 2
    assert (
        rules(
            checked(LOAN, ("提供财务报表。", "按附件一提供财务报表。"), ("日期：____年__月__日", "附件一 财务报表清单"))
        )
        == set()
    )


def test_clauses_in_another_order_are_a_note(checked):
    third = "第三条 借款期限\n借款期限为12个月，自2025年3月5日至2026年3月5日。\n"
    fourth = "第四条 借款利率\n年利率为4.35%，按日计息，按月结息。\n"
    moved = fourth.replace("第四条", "第三条") + third.replace("第三条", "第四条")
    done = checked(LOAN, (third + fourth, moved))
    assert rules(done) == set()
    assert len(found(done, "clause_moved")) == 1


@pytest.mark.parametrize(("second", "rule"), [("第三条", "number_repeated"), ("第二条", "number_back")])
def test_numbers_that_repeat_or_go_back_are_found(checked, second, rule):
    assert rule in rules(checked(LOAN, ("第四条 借款利率", f"{second} 借款利率")))


def test_a_guarantee_until_the_debt_is_paid_is_forbidden(checked):
    done = checked(
        GUARANTEE,
        ("保证期间为主债务履行期限届满之日起三年。", "保证期间直至主债务全部清偿完毕时止。"),
        standard="guarantee",
    )
    assert {"forbidden", "element_unread"} <= rules(done)
    done = checked(GUARANTEE, ("保证人承担连带责任保证", "保证人承担一般保证"), standard="guarantee")
    assert {"forbidden", "element_worded"} <= rules(done)


def test_what_stands_in_a_table_of_the_contract_is_read(checked):
    text = LOAN.replace("年利率为4.35%，按日计息，按月结息。", "利率见附表。")
    done = checked(text, table=[["年利率", "4.35%"], ["币种", "人民币"]])
    assert {fact.name: fact.number for fact in done.facts}["interest_rate"] == pytest.approx(0.0435)


def test_a_contract_without_numbers_says_that_references_were_not_checked(checked):
    done = checked("借款合同\n贷款人与借款人约定如下，借款金额为人民币5,000,000元，本金按期偿还。")
    assert "number_skipped" not in rules(done)
    assert any("未识别到条款编号" in gap.reason for gap in done.gaps)
    assert found(done, "clause_missing")


def test_a_file_that_cannot_be_read_gives_a_gap_and_no_verdict(tmp_path):
    path = tmp_path / "broken.docx"
    path.write_bytes(b"PK\x03\x04 nothing of a document")
    reading = read_file(path, "f01", "broken.docx", "zh_CN")
    done = check(reading, standards()["loan"], "zh_CN")
    assert not done.readable
    assert not done.findings
    assert done.gaps[0].required
    empty = Reading(file=SourceFile(id="f02", name="空.docx", sha256="", size=0))
    assert not check(empty, standards()["loan"], "zh_CN").readable


def test_with_pages_that_were_not_read_nothing_is_called_missing(read):
    text = LOAN.replace("第八条 借款人义务\n借款人应按贷款人要求提供财务报表。\n", "")
    reading = read(text)
    partly = reading.model_copy(update={"file": reading.file.model_copy(update={"scanned": (2,)})})
    done = check(partly, standards()["loan"], "zh_CN")
    assert not found(done, "clause_missing")
    assert found(done, "clause_unseen")
    assert any("图片页" in gap.reason for gap in done.gaps)


def made(readings, language="zh_CN", own=None, **options):
    return report(
        readings, report_id="r1", author="tester", language=language, as_of="2025-03-31", own=own, options=options
    )


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_number_of_a_report_is_traced_and_every_sentence_has_a_source(read, language):
    bad = LOAN
    for old, new in [
        ("伍佰万元整", "伍佰伍拾万元整"), ("不得改变借款用途", "可以改变借款用途"),
        ("至2026年3月5日", "至2028年3月5日"), ("4.35%", "36%"), ("加收50%", "加收__%"),
        ("第八条 借款人义务\n借款人应按贷款人要求提供财务报表。\n", ""),
        ("按第一条约定", "按第二十条和附件3约定"), ("（盖章）：临江精工机械", "（盖章）：临江精工机诫"),
    ]:  # fmt: skip
        bad = bad.replace(old, new)
    english = ENGLISH.replace("RMB 5,000,000.00", "RMB 5,500,000.00").replace("under Clause 1", "under Clause 14")
    done = made([read(bad), read(GUARANTEE, "保证合同.docx", "f02"), read(english, "loan.docx", "f03")], language)
    assert untraced(done) == []
    assert coverage(done) == 1.0
    ids = [figure.id for figure in done.figures]
    assert len(set(ids)) == len(ids)
    assert len({section.id for section in done.sections}) == len(done.sections)


BITS = (
    "第", "条", "____", "2025年2月30日", "人民币", "伍佰万元整", "。", "“", "”", "{x}", "(a+)+", "附件", "Clause 3.9",
    "99.99", "甲方", "、", "零亿元", "[●]", "第零条", "０１２", "年 月 日", "第三条",
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([LOAN, ENGLISH, GUARANTEE]), st.sampled_from(["en", "zh_CN"]))
def test_whatever_a_contract_says_the_report_has_no_number_of_its_own(random, text, language):
    lines = text.split("\n")
    for _change in range(random.randint(1, 12)):
        at = random.randrange(len(lines))
        kind = random.randrange(4)
        if kind == 0 and len(lines) > 5:
            del lines[at]
        elif kind == 1:
            lines.insert(at, random.choice(lines))
        else:
            lines[at] = f"{lines[at]} {random.choice(BITS)} "
    lines = ["示范合同", *(line for line in lines if line.strip())]
    file = SourceFile(id="f01", name="合同.docx", sha256="ab" * 32, size=1)
    passages = tuple(Passage(text=line, line=number) for number, line in enumerate(lines, start=1))
    done = made([Reading(file=file, passages=passages)], language, standard=random.choice(["loan", "guarantee"]))
    assert untraced(done) == []
    assert coverage(done) == 1.0


def test_the_title_tells_the_standard_and_an_option_overrules_it(read):
    done = made([read(LOAN), read(GUARANTEE, "保证合同.docx", "f02")])
    texts = [one.text for section in done.sections for block in section.blocks if block.type == "paragraph"
             for one in block.sentences]  # fmt: skip
    assert "按标准“借款合同”检查。" in texts
    assert "按标准“保证合同”检查。" in texts
    assert "保证合同" in made([read(LOAN)], standard="guarantee").title
    with pytest.raises(InvalidRequest, match="guarantee, loan"):
        made([read(LOAN)], standard="lease")
    with pytest.raises(InvalidRequest, match="No file is a contract"):
        made([read("会议纪要\n今天开会。")])


def test_a_file_that_is_no_contract_is_a_gap_beside_one_that_is(read):
    done = made([read(LOAN), read("会议纪要\n今天开会。", "纪要.docx", "f02")])
    assert [gap.about for gap in done.gaps] == ["file:f02"]


OWN = """
name: {name}
version: "7"
title: {{en: Lease, zh: 租赁合同}}
fits: [租赁合同, 借款合同]
clauses:
  - id: rent
    title: {{en: Rent, zh: 租金}}
    headings: [租金]
"""


def test_the_banks_own_standard_stands_before_ours(read, tmp_path):
    folder = tmp_path / "own" / "clauses"
    folder.mkdir(parents=True)
    (folder / "loan.yaml").write_text(OWN.format(name="loan"), encoding="utf-8")
    done = made([read(LOAN)], own=tmp_path / "own")
    assert "租赁合同" in done.title
    assert any("租金" in one.text for section in done.sections for block in section.blocks
               if block.type == "paragraph" for one in block.sentences)  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: lease", "name: other", "lease"),
        ("headings: [租金]", "headings: []", "headings"),
        (
            "headings: [租金]",
            "headings: [租金]\n    forbidden: [{words: '(', why: {en: x, zh: x}}]",
            "regular expression",
        ),
        ("headings: [租金]", "headings: [租金]\n    heading: [租金]", "heading"),
        (
            "headings: [租金]",
            "headings: [租金]\n    elements: [{id: a, title: {en: a, zh: a}, type: rate, near: [a], least: 2, most: 1}]",  # noqa: E501
            "least is above most",
        ),
        ("fits:", "dates: [{first: a, then: b}]\nfits:", "no element a"),
    ],
)
def test_a_faulty_standard_is_refused_with_file_and_entry(tmp_path, old, new, said):
    folder = tmp_path / "clauses"
    folder.mkdir()
    text = OWN.format(name="lease")
    assert old in text
    (folder / "lease.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"lease\.yaml.*{said}"):
        standards(own=tmp_path)


def test_shipped_standards_have_their_texts_in_both_languages():
    books = standards()
    assert set(books) == {"loan", "guarantee"}
    for book in books.values():
        titles = [clause.title for clause in book.clauses] + [rule.why for rule in book.forbidden]
        assert all(max(title.zh) >= "\u4e00" and title.en.isascii() for title in titles)
