"""How two versions differ, in words; and the text that a reviewer reads."""

import pytest

from scenarios.reports.jobs.differing import differences
from scenarios.reports.jobs.editing import sentences_in
from scenarios.reports.jobs.telling import review_text
from scenarios.reports.models import Cell, Paragraph, Place, Report, Section, Sentence, Table, TableBlock

PLACE = Place(file="f01", name="表.xlsx", sheet="利润表", cell="C3", quote="1")


def section(name, *texts, rows=()):
    blocks = [
        Paragraph(sentences=(Sentence(id=f"{name}.{at}", text=text, kind="fact", places=(PLACE,)),))
        for at, text in enumerate(texts)
    ]
    if rows:
        cells = tuple(tuple(Cell(text=text) for text in row) for row in rows)
        table = Table(id=name, caption="表1", columns=("项目", "2025年"), numeric=(False, True), rows=cells)
        blocks.append(TableBlock(table=table))
    return Section(id=name, title=name.title(), level=1, blocks=tuple(blocks))


def report(*sections, version=1, language="zh_CN"):
    return Report(
        id="job_1", version=version, template="tiny", template_version="1", title="报告", subject="甲公司",
        language=language, as_of="2026-11-02", made_at="2026-11-02T00:00:00.000Z", author="lma-a", sections=sections,
        figures=(), conflicts=(), gaps=(), questions=(), files=(),
    )  # fmt: skip


def test_every_section_of_either_version_is_told():
    before = report(section("a", "同"), section("b", "旧"), section("gone", "x"))
    after = report(section("a", "同"), section("b", "新"), section("new", "y"))
    told = differences(before, after)
    assert [(one.id, one.change) for one in told] == [
        ("a", "same"), ("b", "changed"), ("new", "added"), ("gone", "removed"),
    ]  # fmt: skip


def test_numbers_change_whole_and_signs_one_by_one():
    before = report(section("a", "营业收入为1,234.50万元，略降。", "不变。"))
    after = report(section("a", "营业收入为1,334.50万元，略升。", "不变。"))
    (told,) = differences(before, after)
    parts = [(one.op, one.text) for one in told.parts]
    assert ("delete", "1,234.50") in parts
    assert ("insert", "1,334.50") in parts
    assert ("delete", "降") in parts
    assert "".join(text for op, text in parts if op != "insert").strip().startswith("营业收入为1,234.50万元，略降。")
    assert "".join(text for op, text in parts if op != "delete").strip().startswith("营业收入为1,334.50万元，略升。")


def test_a_changed_cell_is_a_change_and_a_stretch_without_end_is_told_whole():
    before = report(section("a", rows=[("收入", "1"), ("成本", "2")]), section("b", "甲" * 5000))
    after = report(section("a", rows=[("收入", "1"), ("成本", "3")]), section("b", "乙" * 5000))
    cells, long = differences(before, after)
    assert [(one.op, one.text) for one in cells.parts if one.op != "equal"] == [("delete", "2"), ("insert", "3")]
    assert [one.op for one in long.parts] == ["delete", "insert"]


def test_a_reviewer_reads_all_texts_with_their_sources():
    text = review_text(report(section("a", "营业收入为1万元。", rows=[("收入", "1")])), 10_000)
    for part in ("报告", "甲公司", "# A", "营业收入为1万元。 [表.xlsx 利润表 C3]", "项目 | 2025年", "收入 | 1"):
        assert part in text


def test_a_text_over_the_bound_says_that_it_ends():
    text = review_text(report(section("a", "长" * 5000), language="en"), 200)
    assert len(text) == 200
    assert text.endswith("the draft file has it.)")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("一。二！三？", ["一。", "二！", "三？"]),
        ("It is 1.5 times. It grew.", ["It is 1.5 times.", "It grew."]),
        ("  one \n two  ", ["one two"]),
    ],
)
def test_sentences_of_a_persons_text(text, sentences):
    assert sentences_in(text) == sentences
