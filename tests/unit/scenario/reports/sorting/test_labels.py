from scenarios.reports.sorting.labels import ENDING, Labels
from tests.unit.scenario.reports.fields.folders import paper

LABELS = Labels(
    {
        "name": ("名称", "Company name"),
        "capital": ("注册资本",),
        "founded": ("成立日期",),
        "revenue": ("营业收入",),
        ENDING: ("申报日期",),
    }
)


def found(*lines, grids=()):
    return [(hit.key, hit.text) for hit in LABELS.hits(paper("x.pdf", lines, grids))]


def test_a_letter_spaced_label_is_found():
    assert found("名      称  甲有限公司") == [("name", "甲有限公司")]


def test_several_labels_stand_on_one_line():
    assert found("注册资本：5000万元  成立日期：2012-03-05") == [("capital", "5000万元"), ("founded", "2012-03-05")]


def test_a_value_in_the_line_below_is_found():
    assert found("注册资本：", "伍仟万元整") == [("capital", "伍仟万元整")]


def test_a_label_inside_a_sentence_is_none():
    assert found("本公司对该名称不作保证。") == []


def test_a_value_ends_before_a_label_that_is_no_fields():
    assert found("名称：甲有限公司申报日期：2026-04-22") == [("name", "甲有限公司")]


def test_an_english_label_needs_a_colon():
    assert found("Company name: Alpha Ltd.", "Company name is not told here") == [("name", "Alpha Ltd.")]


def test_a_cell_beside_a_label_is_its_value_with_its_unit_and_place():
    (hit,) = LABELS.hits(paper("x.xlsx", grids=[[["", "注册资本（万元）", "注册资本（万元）", "5,000"]]], sheet="表"))
    assert (hit.text, hit.unit, hit.place.cell, hit.place.sheet) == ("5,000", "万元", "D1", "表")


def test_numbering_before_a_label_in_a_cell_is_passed_over():
    assert found(grids=[[["1", "一、营业收入", "100.00"]]]) == [("revenue", "100.00")]


def test_the_place_of_a_cell_on_a_page_is_row_and_column():
    (hit,) = LABELS.hits(paper("x.pdf", grids=[[["注册资本", "5,000万元"]]]))
    assert (hit.place.cell, hit.place.page) == ("R1C2", 1)
