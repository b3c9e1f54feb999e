import openpyxl
import pypdfium2
import pytest

from scenarios.reports.samples.companies import company, truth
from scenarios.reports.samples.layouts import CHINESE, ENGLISH, LAYOUTS
from scenarios.reports.samples.papers import write_statements


def written(tmp_path, name, kind, number=None):
    chosen = number if number is not None else 18 if name in ENGLISH else 3 if "group" in name else 7
    return write_statements(company(chosen), tmp_path, name, kind, years=(2025,))


def cells_of(path) -> list:
    return [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows(values_only=True) for cell in row]


def text_of(path) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def test_there_are_at_least_eight_chinese_layouts_and_two_english():
    assert len(CHINESE) >= 8
    assert len(ENGLISH) >= 2
    assert {LAYOUTS[name].unit for name in CHINESE} >= {"元", "千元", "万元", "百万元", "亿元"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_value_of_a_workbook_stands_in_a_cell(tmp_path, name):
    layout = LAYOUTS[name]
    for one in written(tmp_path, name, "xlsx"):
        cells = cells_of(one.path)
        numbers = {round(cell, layout.decimals) for cell in cells if isinstance(cell, int | float)}
        texts = {cell for cell in cells if isinstance(cell, str)}
        assert one.truth
        for row in one.truth:
            printed = round(row.value / layout.factor, layout.decimals)
            assert (layout.printed(row.value) in texts) if layout.as_text else (printed in numbers), row


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_value_of_a_pdf_is_in_its_text_with_the_unit_and_the_notice(tmp_path, name):
    layout = LAYOUTS[name]
    for one in written(tmp_path, name, "pdf"):
        text = text_of(one.path)
        assert [row for row in one.truth if layout.printed(row.value) not in text] == []
        assert layout.unit in text
        assert ("虚构样本" if layout.language == "zh" else "Fictitious sample") in text


def test_the_printed_values_are_the_truth_to_the_last_printed_digit(tmp_path):
    one = company(6)
    right = {(row.account, row.period): row.value for row in truth(one)}
    (written_one,) = write_statements(one, tmp_path, "book_wan", "xlsx")
    assert {row.period for row in written_one.truth} == {"2023-12-31", "2024-12-31", "2025-12-31"}
    for row in written_one.truth:
        assert row.value == pytest.approx(right[row.account, row.period], abs=50.01)


def test_a_restated_year_is_marked_and_the_first_report_says_otherwise(tmp_path):
    by_year = {one.path.name[:4]: one for one in write_statements(company(7), tmp_path, "one_sided_notes", "xlsx")}
    first = {row.account: row.value for row in by_year["2024"].truth if row.period == "2024-12-31"}
    later = {row.account: row for row in by_year["2025"].truth if row.period == "2024-12-31"}
    assert later["inventories"].restated
    assert later["inventories"].value != first["inventories"]
    assert not later["cash"].restated
    assert any("已重述" in str(cell) for cell in cells_of(by_year["2025"].path))


def test_long_tables_run_over_pages_with_their_header_repeated(tmp_path):
    one = written(tmp_path, "long_pages", "pdf", 3)[0]
    document = pypdfium2.PdfDocument(one.path)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    assert len(pages) > 6
    assert all("附注" in page for page in pages if "应付债券" in page or "货币资金" in page)


def test_the_group_and_the_parent_stand_in_one_table_under_merged_headers(tmp_path):
    one = written(tmp_path, "group_together", "xlsx", 3)[0]
    sheet = openpyxl.load_workbook(one.path).worksheets[0]
    assert {"合并", "母公司"} <= {cell.value for row in sheet.iter_rows() for cell in row}
    assert len(sheet.merged_cells.ranges) >= 6
    assert {row.scope for row in one.truth} == {"consolidated", "parent"}


def test_the_same_pdf_has_the_same_bytes(tmp_path):
    first = written(tmp_path / "a", "two_sided", "pdf")[0].path.read_bytes()
    assert first == written(tmp_path / "b", "two_sided", "pdf")[0].path.read_bytes()


def test_a_layout_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(KeyError):
        write_statements(company(0), tmp_path, "sideways", "xlsx")
