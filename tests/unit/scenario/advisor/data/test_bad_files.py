"""Each kind of bad file is refused with file, row and column, and nothing is computed from it."""

import re
from datetime import timedelta

import pytest

from appliance.core.errors import ConfigError, InvalidRequest, NotFound
from scenarios.advisor.data import reading
from scenarios.advisor.data.faults import errors_in
from scenarios.advisor.data.loading import load_dataset, read_folder
from tests.unit.scenario.advisor.data.folders import DAYS, TARGETS, TODAY, changed, make_folder


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "bank")


def refusal(folder):
    with pytest.raises(InvalidRequest) as raised:
        load_dataset(folder, TODAY)
    assert raised.value.code == "data_not_valid"
    return raised.value.message.render("en")


def setting(row, column, value):
    """Change one cell; `row` counts as the file does, from 1 with the header."""

    def change(rows):
        rows[row - 2][column] = value

    return change


def test_a_good_folder_has_no_faults(folder):
    dataset = load_dataset(folder, TODAY)
    assert dataset.faults == ()
    assert len(dataset.nav("P1")) == len(DAYS)
    assert dataset.price("P2", DAYS[1]) == 1.0005


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0", "above 0"),
        ("-1.2", "above 0"),
        ("abc", "a number such as"),
        ("1,23,4", "a number such as"),
        ("12,34.5", "a number such as"),
        ("nan", "a number such as"),
        ("inf", "a number such as"),
        ("1e999", "a number such as"),
        ("", "the cell is empty"),
        ("=1+1", "a formula"),
        ("@SUM(A1)", "a formula"),
        ("１.２", "a number such as"),
    ],
)
def test_a_bad_value_keeps_its_product_alone_from_being_computed(folder, value, said):
    changed(folder, "nav", setting(4, "nav", value))
    dataset = load_dataset(folder, TODAY)
    with pytest.raises(InvalidRequest) as raised:
        dataset.nav("P1")
    text = raised.value.message.render("en")
    assert "nav.csv, row 4, column nav: " in text
    assert said in text
    with pytest.raises(InvalidRequest):
        dataset.raw_nav("P1")
    with pytest.raises(InvalidRequest):
        dataset.price("P1", DAYS[0])
    assert len(dataset.nav("P2")) == len(DAYS)


def test_every_product_with_a_bad_value_is_kept_from_being_computed_however_many_there_are(folder):
    def all_bad(rows):
        for row in rows:
            row["nav"] = "0" if row["product"] != "P3" or row["day"] == str(DAYS[-1]) else row["nav"]

    changed(folder, "nav", all_bad)
    dataset = load_dataset(folder, TODAY)
    for product in ("P1", "P2", "P3"):
        with pytest.raises(InvalidRequest):
            dataset.nav(product)
    assert len(dataset.faults) < 60


def test_a_row_without_its_product_refuses_the_file(folder):
    changed(folder, "nav", setting(3, "product", ""))
    assert "nav.csv, row 3, column product: the cell is empty" in refusal(folder)


def test_short_gaps_are_bridged_and_told(folder):
    changed(
        folder, "nav", lambda rows: [row for row in rows if row["product"] != "P1" or row["day"] not in _days(5, 12)]
    )
    dataset = load_dataset(folder, TODAY)
    (warning,) = dataset.faults
    assert warning.severity == "warning"
    assert "P1 lacks 7 trading days" in warning.message.render("en")
    assert len(dataset.nav("P1")) == len(DAYS) - 7


def test_a_gap_of_ten_days_is_bridged_and_one_of_eleven_is_an_error(folder):
    changed(
        folder, "nav", lambda rows: [row for row in rows if row["product"] != "P1" or row["day"] not in _days(5, 15)]
    )
    assert load_dataset(folder, TODAY).nav("P1")
    make_folder(folder)
    changed(
        folder, "nav", lambda rows: [row for row in rows if row["product"] != "P1" or row["day"] not in _days(5, 16)]
    )
    with pytest.raises(InvalidRequest, match=r"row 7, column day: P1 has no value on 11 trading days"):
        load_dataset(folder, TODAY).nav("P1")


def _days(first, last):
    return {str(day) for day in DAYS[first:last]}


def test_a_split_that_is_not_told_is_an_error_and_one_that_is_told_is_none(folder):
    def halved(rows, split=""):
        at = 0
        for row in rows:
            if row["product"] == "P1":
                at += 1
                if at > 10:
                    row["nav"] = str(float(row["nav"]) / 2.5)
            row["split"] = split if row["product"] == "P1" and at == 11 else ""

    changed(folder, "nav", halved)
    with pytest.raises(InvalidRequest, match=r"row 12, column nav: P1 changes by -60% in a day"):
        load_dataset(folder, TODAY).nav("P1")
    make_folder(folder)
    plain = load_dataset(folder, TODAY).nav("P1").values
    changed(folder, "nav", lambda rows: halved(rows, "2.5"))
    dataset = load_dataset(folder, TODAY)
    assert dataset.nav("P1").values == pytest.approx(plain, rel=1e-3)
    assert dataset.splits == {"P1": ((DAYS[10], 2.5),)}


def test_payouts_are_part_of_the_returns(folder):
    def paid(rows):
        for row in rows:
            row["payout"] = "0.1" if row["product"] == "P3" and row["day"] == str(DAYS[3]) else ""

    changed(folder, "nav", paid)
    series = load_dataset(folder, TODAY).nav("P3")
    assert series.values[3] / series.values[2] == pytest.approx((1.0003 + 0.1) / 1.0002)


def test_a_fund_with_three_values_loads(folder):
    changed(folder, "nav", lambda rows: [row for row in rows if row["product"] != "P1" or row["day"] > str(DAYS[-4])])
    assert len(load_dataset(folder, TODAY).nav("P1")) == 3


def test_days_in_any_order_are_sorted(folder):
    plain = load_dataset(folder, TODAY).nav("P2").values.tolist()
    changed(folder, "nav", lambda rows: rows[::-1])
    dataset = load_dataset(folder, TODAY)
    assert dataset.nav("P2").values.tolist() == plain
    assert (dataset.nav("P2").days[1:] > dataset.nav("P2").days[:-1]).all()


def test_a_repeated_day_names_both_rows(folder):
    changed(folder, "nav", lambda rows: [*rows, {**rows[0], "nav": "9"}])
    with pytest.raises(InvalidRequest, match=rf"row {3 * len(DAYS) + 2}: it repeats row 2: product, day"):
        load_dataset(folder, TODAY).nav("P1")


def test_a_repeated_client_refuses_the_data(folder):
    changed(folder, "clients", lambda rows: [*rows, *rows])
    assert "clients.csv, row 3: it repeats row 2" in refusal(folder)


def test_values_ahead_of_today_are_errors(folder):
    ahead = TODAY + timedelta(days=5)
    changed(folder, "nav", lambda rows: [*rows, {"product": "P1", "day": str(ahead), "nav": "1.1"}])
    with pytest.raises(InvalidRequest, match=f"column day: the day {ahead} lies ahead"):
        load_dataset(folder, TODAY).nav("P1")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("nav", "product,day,nav\nP1,2030-01-01,1.1\n"),
        ("benchmarks", "name,day,value\nA,2030-01-01,1\n"),
        ("rates", "name,day,rate\nA,2030-01-01,0.02\n"),
    ],
)
def test_values_ahead_are_errors_without_a_calendar_too(folder, table, text):
    (folder / f"{table}.csv").write_text(text, encoding="utf-8")
    for calendar in (True, False):
        if not calendar:
            (folder / "calendar.csv").unlink()
        _dataset, faults = read_folder(folder, TODAY)
        (ahead,) = [one for one in errors_in(faults) if "2030-01-01 lies ahead" in one.message.render("en")]
        assert (ahead.table, ahead.row, ahead.column) == (table, 2, "day")


def test_a_full_stop_stands_between_the_faults_and_what_to_do(folder):
    (folder / "targets.yaml").unlink()
    assert refusal(folder) == "The data cannot be used:\ntargets.yaml: the file is missing."


@pytest.mark.parametrize(
    ("table", "column"),
    [("clients", "birth_date"), ("holdings", "as_of"), ("holdings", "bought_on")],
)
def test_rows_ahead_of_today_refuse_the_data(folder, table, column):
    changed(folder, table, setting(2, column, "2030-01-01"))
    assert f"{table}.csv, row 2, column {column}: the day 2030-01-01 lies ahead" in refusal(folder)


def test_a_holding_cannot_be_older_than_its_purchase(folder):
    changed(folder, "holdings", setting(2, "bought_on", "2026-03-03"))
    assert "holdings.csv, row 2, column bought_on: it was bought after the day of the statement" in refusal(folder)


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("products", "currency", "GBP", "one of CNY, USD, HKD, EUR, not 'GBP'"),
        ("products", "seller_level", "R6", "one of R1, R2, R3, R4, R5"),
        ("clients", "level", "c3", "one of C1"),
        ("clients", "birth_date", "1980-13-01", "a day such as"),
        ("clients", "birth_date", "1980-02-30", "a day such as"),
        ("clients", "birth_date", "1980-05-01junk", "a day such as"),
        ("holdings", "units", "-5", "0 or more"),
        ("holdings", "units", "1e400", "a number such as"),
        ("holdings", "product", "P9", "no such product: 'P9'"),
        ("holdings", "client", "C9", "no such client: 'C9'"),
        ("clients", "name", "=HYPERLINK(1)", "a formula"),
        ("products", "name_en", "", "the cell is empty"),
    ],
)
def test_a_bad_cell_names_its_place(folder, table, column, value, said):
    changed(folder, table, setting(2, column, value))
    assert re.search(rf"{table}\.csv, row 2, column {column}: .*{re.escape(said)}", refusal(folder))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("term_days", "1.5", "a whole number"),
        ("term_days", "1e300", "a whole number"),
        ("private", "perhaps", "true or false"),
        ("management_fee", "1.5", "1 or less"),
        ("industries", "bank;energy:0.1", "written as in bank:0.25"),
        ("constituents", "A:0.7;B:0.6", "written as in"),
        ("back_fees", "7:0.015;0:0.1", "written as in 7:0.015"),
    ],
)
def test_a_bad_optional_cell_names_its_place(folder, column, value, said):
    changed(folder, "products", setting(3, column, value))
    assert re.search(rf"products\.csv, row 3, column {column}: .*{re.escape(said)}", refusal(folder))


def test_an_unknown_column_is_told_and_left_out(folder):
    changed(folder, "clients", setting(2, "mood", "=1+1"))
    (warning,) = load_dataset(folder, TODAY).faults
    assert warning.message.render("en") == "clients.csv, row 1, column mood: the column is not known and was left out"


def test_a_missing_column_and_a_missing_file_are_named(folder):
    changed(folder, "clients", lambda rows: [{"id": row["id"], "name": row["name"]} for row in rows])
    (folder / "calendar.csv").unlink()
    text = refusal(folder)
    assert "clients.csv: the columns birth_date, target are missing" in text
    assert "calendar.csv: the file is missing" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"id,name,id\n1,2,3\n", "row 1 names a column twice"),
        (b"id,name,birth_date,target\nC1,A,1980-01-01\n", "row 2 has 3 cells, the header has 4"),
        (b'id,name,birth_date,target\nC1,A,1980-01-01,b\n\nC2,"A,1980-01-01,b\n', "row 4 cannot be read"),
        (b"id,name\x00,birth_date,target\n", "binary data"),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff\xff", "neither UTF-8 nor GBK"),
        (b"id,name,birth_date,target\n", "it has no rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(folder, content, said):
    (folder / "clients.csv").write_bytes(content)
    text = refusal(folder)
    assert "clients.csv: " in text
    assert said in text


def test_a_damaged_parquet_file_is_refused(folder):
    (folder / "nav.csv").unlink()
    (folder / "nav.parquet").write_bytes(b"PAR1 this is none PAR1")
    assert "nav.parquet: it is no Parquet file that can be read" in refusal(folder)


def test_a_huge_file_is_refused_before_it_is_read(folder, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 1024)
    assert "nav.csv: the file is larger than" in refusal(folder)


def test_weights_that_do_not_sum_name_file_and_entry(folder):
    (folder / "targets.yaml").write_text(TARGETS.replace("equity: 0.4", "equity: 0.5"), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_dataset(folder, TODAY)
    assert "targets.yaml" in str(raised.value)
    assert "targets.balanced" in str(raised.value)
    assert "not to 1.1" in str(raised.value)


@pytest.mark.parametrize(
    "text", ["targets: [", "targets: {a: {title: {en: A, zh: A}, weights: {cash: 1.0}, mood: 1}}", "- 1"]
)
def test_a_yaml_file_that_cannot_be_used_is_named(folder, text):
    (folder / "targets.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"targets\.yaml"):
        load_dataset(folder, TODAY)


def test_unknown_names_are_not_found(folder):
    dataset = load_dataset(folder, TODAY)
    for ask in (
        dataset.client,
        dataset.holdings,
        dataset.transactions,
        dataset.product,
        dataset.nav,
        dataset.benchmark,
    ):
        with pytest.raises(NotFound):
            ask("X1")
    with pytest.raises(NotFound):
        dataset.fx("USD")


def test_values_on_days_without_trading_and_of_unknown_products_are_told(folder):
    changed(
        folder, "nav",
        lambda rows: [
            *rows,
            {"product": "P1", "day": "2026-01-10", "nav": "1.01"},
            {"product": "PX", "day": str(DAYS[0]), "nav": "1"},
        ],
    )  # fmt: skip
    _dataset, faults = read_folder(folder, TODAY)
    assert [fault.severity for fault in faults] == ["warning", "warning"]
    assert any("days without trading, the first 2026-01-10" in fault.message.render("en") for fault in faults)
    assert any("a product that is not in the list: 'PX'" in fault.message.render("en") for fault in faults)


def test_many_faults_are_counted(folder):
    changed(folder, "clients", lambda rows: [{**rows[0], "id": f"C{at}", "level": "X"} for at in range(1, 61)])
    text = refusal(folder)
    assert "(so in 60 rows)" in text
    assert text.count("\n") < 25


def test_faults_are_told_in_the_language_of_whoever_reads_them(folder):
    changed(folder, "clients", setting(2, "level", "X"))
    with pytest.raises(InvalidRequest) as raised:
        load_dataset(folder, TODAY)
    places = [value for name, value in raised.value.message.params if name == "faults"]
    assert places[0].template == "{file}, row {row}, column {column}: {what}"
