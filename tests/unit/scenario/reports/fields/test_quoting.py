"""What is quoted of notes is whole sentences: no halves, no names, no labels."""

import pytest

from scenarios.reports.fields.loading import fields_in_force
from scenarios.reports.fields.quoting import quotations
from scenarios.reports.models import Passage, Reading, SourceFile


def note(*lines: str | tuple[str, int], kind: str = "industry") -> Reading:
    """A sorted note; a line with a number stands on that page."""
    made = [(one, None) if isinstance(one, str) else one for one in lines]
    passages = tuple(Passage(text=text, line=at, page=page) for at, (text, page) in enumerate(made, 1))
    file = SourceFile(id="f01", name="note.md", sha256="0" * 64, size=1, kind=kind)
    return Reading(file=file, passages=passages)


def quoted(*lines: str | tuple[str, int], kind: str = "industry") -> list[str]:
    return [one.value for one in quotations([note(*lines, kind=kind)], fields_in_force(None), "en")]


def test_a_semicolon_does_not_end_a_sentence():
    chinese = "原材料价格窄幅波动，对成本影响有限；下游客户议价能力增强。"
    english = "Most companies produce to order; receivables tie up much capital."
    assert quoted(chinese, english) == [chinese, english]


def test_sentences_of_one_paragraph_are_quoted_one_by_one():
    text = "近三年收入增速逐年放缓。“头部企业毛利较高。”Orders fell in May. Prices rose by 3.5 % in June."
    assert quoted(text) == [
        "近三年收入增速逐年放缓。",
        "“头部企业毛利较高。”",
        "Orders fell in May.",
        "Prices rose by 3.5 % in June.",
    ]


def test_a_short_form_does_not_end_a_sentence():
    text = "Alpha Foods Co., Ltd. Beijing pays Mr. Smith of No. 4 Beta Inc. Shanghai every month."
    assert quoted(text) == [text]


def test_items_of_a_list_that_is_one_sentence_are_quoted_together_at_their_first_line():
    found = list(
        quotations(
            [note("Risks", "· lower demand reduces orders;", "· longer terms tie up capital.", "Prices fell sharply.")],
            fields_in_force(None),
            "en",
        )
    )
    assert [(one.value, one.place.line) for one in found] == [
        ("lower demand reduces orders; longer terms tie up capital.", 2),
        ("Prices fell sharply.", 4),
    ]


def test_a_paragraph_that_runs_over_a_page_is_one_and_the_foot_of_the_page_is_none():
    half = (
        "客户介绍，公司自去年下半年起以延长账期的方式换取订单，应收账款因此逐月增加，"
        "其中部分大客户的付款周期已经由原来的两个月延长到四个月以上，并且仍在"
    )
    other = "继续延长。"
    lines = [(half, 1), ("行业简报 1 / 2", 1), (other, 2), ("行业简报 2 / 2", 2)]
    assert quoted(*lines) == [half + other]


@pytest.mark.parametrize(
    "text",
    [
        "Lanchuan Hengtuo Precision Machinery Co., Ltd.",
        "岚川恒拓精密机械股份有限公司。",
        "Internal Research of the Lending Department.",
        "of three lines checked two were at full load.",
        "，其余两条生产线满负荷运行。",
        "Finished goods were piled up in the warehouse;",
        "产成品堆放较多，部分订单",
        "Date: 2026-10-12 in the office of the customer.",
        "走访日期：二〇二六年四月十六日上午。",
        "长" * 400 + "。",
    ],
)
def test_what_is_no_whole_sentence_is_not_quoted(text):
    assert quoted(text) == []


def test_a_sentence_that_names_a_company_is_quoted():
    text = "企业称与岚川恒拓控股集团有限公司之间的资金往来属于临时周转。"
    assert quoted(text) == [text]


def test_questions_and_answers_of_an_interview_are_quoted():
    lines = [
        "问：资金来源是什么呢，请说明？", "答：是代朋友付货款，没有合同。", "Question: Where does the cash come from?",
        "Answer: From several shops; I pay it in when I have time.", "案件编号：样本二〇二六第四百号。",
    ]  # fmt: skip
    assert quoted(*lines, kind="case_file") == lines[:4]
