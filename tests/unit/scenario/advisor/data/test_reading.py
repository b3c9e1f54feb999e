"""What is written into a file is what is read, whatever its encoding and separators."""

import csv
import io
from datetime import date

import duckdb
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from scenarios.advisor.data.loading import load_dataset
from scenarios.advisor.data.reading import decoded, load_table
from scenarios.advisor.data.tables import TABLES
from tests.unit.scenario.advisor.data.folders import CLIENTS, DAYS, NAV, TODAY, make_folder, text_of

CONNECTION = duckdb.connect(config={"threads": 1})
QUIET = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path, table):
    with CONNECTION.cursor() as connection:
        loaded, faults = load_table(connection, TABLES[table], path)
        rows = connection.execute(f'SELECT * FROM "{table}" ORDER BY row_').fetchall() if loaded else []
        return rows, faults


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators(tmp_path, encoding, separator):
    folder = make_folder(tmp_path)
    client = {**CLIENTS[0], "name": "钱示例, 一;二|三\t四"}
    (folder / "clients.csv").write_bytes(text_of([client], separator).encode(encoding))
    assert load_dataset(folder, TODAY).client("C1").name == "钱示例, 一;二|三\t四"


def test_quotes_and_newlines_within_cells_and_windows_lines(tmp_path):
    folder = make_folder(tmp_path)
    rows = [{**CLIENTS[0], "name": 'He said "one"\nand two'}, {**CLIENTS[0], "id": "C2", "level": "C9"}]
    (folder / "clients.csv").write_bytes(text_of(rows).replace("\n", "\r\n").encode())
    with pytest.raises(Exception, match=r"clients\.csv, row 3, column level"):
        load_dataset(folder, TODAY)
    (folder / "clients.csv").write_bytes(text_of(rows[:1]).replace("\n", "\r\n").encode())
    assert load_dataset(folder, TODAY).client("C1").name == 'He said "one"\r\nand two'


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1,234.5", 1234.5),
        ("1,234,567", 1234567.0),
        ("+12", 12.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        (" 7 ", 7.0),
        ("8.", 8.0),
    ],
)
def test_numbers_as_people_write_them(tmp_path, written, value):
    path = tmp_path / "holdings.csv"
    row = {
        "client": "C",
        "product": "P",
        "units": written,
        "cost": "1",
        "bought_on": "2026-01-05",
        "as_of": "2026-01-05",
    }
    path.write_text(text_of([row]), encoding="utf-8")
    rows, faults = read(path, "holdings")
    assert not faults
    assert rows[0][3] == value


@pytest.mark.parametrize(
    "written", ["2026-01-05", "2026/01/05", "20260105", "2026年1月5日", "2026-1-5", "2026-01-05 00:00:00"]
)
def test_days_as_people_write_them(tmp_path, written):
    path = tmp_path / "calendar.csv"
    path.write_text(f"day\n{written}\n", encoding="utf-8")
    rows, faults = read(path, "calendar")
    assert not faults
    assert rows == [(2, date(2026, 1, 5))]


@pytest.mark.parametrize("typed", [True, False])
def test_parquet_is_read_as_csv_is(tmp_path, typed):
    plain = load_dataset(make_folder(tmp_path / "plain"), TODAY)
    folder = make_folder(tmp_path / "parquet")
    (folder / "nav.csv").unlink()
    rows = [{**row, "day": date.fromisoformat(row["day"]), "nav": float(row["nav"])} for row in NAV] if typed else NAV
    parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "nav.parquet")
    dataset = load_dataset(folder, TODAY)
    for product in plain.products:
        assert dataset.nav(product).values.tolist() == plain.nav(product).values.tolist()
        assert (dataset.nav(product).days == plain.nav(product).days).all()


def test_numbers_that_are_none_in_parquet_name_their_row(tmp_path):
    folder = make_folder(tmp_path)
    (folder / "nav.csv").unlink()
    rows = [{**row, "day": date.fromisoformat(row["day"]), "nav": float(row["nav"])} for row in NAV]
    rows[1]["nav"], rows[len(DAYS)]["nav"] = float("nan"), None
    parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "nav.parquet")
    dataset = load_dataset(folder, TODAY)
    with pytest.raises(Exception, match=r"nav\.parquet, row 3, column nav"):
        dataset.nav("P1")
    with pytest.raises(Exception, match=rf"nav\.parquet, row {len(DAYS) + 2}, column nav: the cell is empty"):
        dataset.nav("P2")


@QUIET
@given(
    st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=30),
    st.booleans(),
    st.sampled_from(["utf-8-sig", "gbk", "utf-16"]),
)
def test_what_was_written_is_read(tmp_path, values, thousands, encoding):
    path = tmp_path / "holdings.csv"
    rows = [
        {"client": f"客{at}", "product": "P", "units": f"{value:,.6f}" if thousands else repr(value), "cost": "0",
         "bought_on": "2026-01-05", "as_of": "2026-01-05"}
        for at, value in enumerate(values)
    ]  # fmt: skip
    path.write_bytes(text_of(rows).encode(encoding))
    read_rows, faults = read(path, "holdings")
    assert not faults
    assert [row[1] for row in read_rows] == [row["client"] for row in rows]
    expected = [round(value, 6) if thousands else value for value in values]
    assert [row[3] for row in read_rows] == pytest.approx(expected, rel=1e-9, abs=1e-6)


@QUIET
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=4, max_size=4))
def test_any_cell_is_either_read_or_named(tmp_path, cells):
    out = io.StringIO(newline="")
    csv.writer(out).writerows(
        [["client", "product", "units", "cost", "bought_on", "as_of"], [*cells, "2026-01-05", "2026-01-05"]]
    )
    path = tmp_path / "holdings.csv"
    path.write_bytes(out.getvalue().encode())
    rows, faults = read(path, "holdings")
    assert all(fault.file == "holdings.csv" for fault in faults)
    errors = [fault for fault in faults if fault.severity == "error"]
    if not errors:
        assert len(rows) == 1
        assert rows[0][3] >= 0.0
        assert rows[0][4] >= 0.0
    else:
        assert all(fault.row is None or fault.row >= 1 for fault in errors)


@QUIET
@given(st.binary(max_size=300))
def test_no_content_breaks_the_reader(tmp_path, content):
    decoded(content)
    for name, table in (("clients.csv", "clients"), ("nav.parquet", "nav")):
        path = tmp_path / name
        path.write_bytes(content)
        _rows, faults = read(path, table)
        assert any(fault.severity == "error" for fault in faults)
