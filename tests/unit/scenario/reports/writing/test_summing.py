from scenarios.reports.models import Gap, Report
from scenarios.reports.writing.sections import section_ids, write_section
from scenarios.reports.writing.summing import all_gaps
from tests.unit.scenario.reports.building import Folder, whole_folder
from tests.unit.scenario.reports.writing.reported import whole_report

LINE = {"text": {"en": "Cash is {item:cash@last}.", "zh": "货币资金为{item:cash@last}。"}}


def table(report, section_id):
    (section,) = [one for one in report.sections if one.id == section_id]
    (block,) = [one for one in section.blocks if one.type == "table"]
    return [[cell.text for cell in row] for row in block.table.rows]


def test_contradictions_stand_side_by_side_with_the_one_used_and_why(due_diligence):
    rows = table(whole_report(due_diligence, whole_folder("zh_CN")), "contradictions")
    assert rows == [
        ["注册资本", "2,000.00万元", "licence.pdf，第1页", "采用：营业执照优先于章程。"],
        ["", "1,500.00万元", "articles.pdf，第1页", "未采用"],
    ]


def test_a_paper_that_the_outline_asks_for_is_a_gap_with_the_sections_that_suffer(due_diligence):
    dossier = Folder("en", kinds=["statements", "licence", "audit_report"]).dossier()
    gaps = {one.about: one for one in all_gaps(due_diligence, dossier)}
    assert gaps["kind:bank_statement"].required
    assert gaps["kind:bank_statement"].needed_for == ("flows",)
    assert not gaps["kind:industry"].required
    assert "kind:statements" not in gaps
    assert gaps["kind:litigation"].reason.startswith("It shows disputes")


def test_a_gap_that_was_found_elsewhere_is_told_once_and_with_its_sections(due_diligence):
    folder = Folder("en", kinds=["statements"])
    folder.gaps.append(Gap(about="kind:bank_statement", title="Bank statements of May", reason="Not supplied."))
    folder.gaps.append(Gap(about="file:f01", title="statements.pdf", reason="Not all of it can be read."))
    gaps = [
        one for one in all_gaps(due_diligence, folder.dossier()) if one.about in ("kind:bank_statement", "file:f01")
    ]
    assert [one.title for one in gaps] == ["Bank statements of May", "statements.pdf"]
    assert gaps[0].needed_for == ("flows",)
    assert "solvency" in gaps[1].needed_for


def test_an_outline_without_closing_tables_gets_them_at_its_end(outline):
    plan = outline(LINE)
    assert section_ids(plan) == ("one", "closing-conflicts", "closing-gaps", "closing-questions", "closing-sources")
    report = whole_report(plan, whole_folder("en"))
    assert len(table(report, "closing-sources")) == 15
    assert table(report, "closing-sources")[0][:4] == ["f01", "articles.pdf", "Articles of association", "3"]
    assert table(report, "closing-questions")[0][0] == "2024年末其他应付款是哪个数？"


def test_a_closing_table_without_rows_is_a_sentence(outline):
    folder = Folder("en").statements()
    section = write_section(outline(LINE), "closing-conflicts", folder.dossier(), folder.analysis())
    assert [one.text for one in section.blocks[0].sentences] == ["No contradiction between the sources was found."]


def test_a_closing_table_that_the_outline_places_is_not_written_twice(outline):
    placed = {"table": {"of": "gaps", "caption": {"en": "Missing", "zh": "缺失"}}}
    assert "closing-gaps" not in section_ids(outline(LINE, placed))


def test_checks_show_both_sides_and_those_that_fail_come_first(due_diligence):
    rows = table(whole_report(due_diligence, whole_folder("en")), "annex-checks")
    assert [row[2:] for row in rows] == [
        ["102,800.00", "102,788.00", "12.00", "does not hold"],
        ["102,800.00", "102,800.00", "0.00", "holds"],
    ]


def test_a_report_holds_the_figures_that_its_counts_name_and_can_be_kept(due_diligence):
    report = whole_report(due_diligence, whole_folder("zh_CN"))
    known = {one.id for one in report.figures}
    named = {name for section in report.sections for block in section.blocks if block.type == "paragraph"
             for one in block.sentences for name in one.figures}  # fmt: skip
    assert named <= known
    assert "count.case@2026-03-31" in named
    assert report.title == "青禾样例机械有限公司授信尽职调查报告"
    assert Report.model_validate_json(report.model_dump_json()) == report
