import pytest

from appliance.knowledge.tables import Table, answer_from_table

INCOME = Table.build(
    "(Dollars in thousands)",
    ["", "Years ended December 31, / 2019", "Years ended December 31, / 2018", "Years ended December 31, / 2017"],
    [
        ("Revenue:", "", "", ""),
        ("Americas", "$ 5,000", "$ 4,000", "$ 3,200"),
        ("Europe", "2,500", "3,000", "2,800"),
        ("Asia Pacific", "2,400", "1,000", "2,000"),
        ("Total revenue", "$ 9,900", "$ 8,000", "$ 8,000"),
        ("Cost of revenue:", "", "", ""),
        ("Product cost", "(3,000)", "(2,400)", "(2,000)"),
        ("Service cost", "(1,000)", "(1,600)", "(1,000)"),
        ("Gross profit", "$ 5,900", "$ 4,000", "$ 5,000"),
        ("Gross margin", "59.6%", "50.0%", "62.5%"),
        ("Average headcount", "120", "100", "90"),
    ],
)
ASSETS = Table.build(
    "(in millions)",
    ["", "Gross carrying amount", "Accumulated amortization", "Net"],
    [
        ("As of December 31, 2019:", "", "", ""),
        ("Customer lists", "$ 100", "$ (40)", "$ 60"),
        ("Patents", "50", "(10)", "40"),
        ("Total", "$ 150", "$ (50)", "$ 100"),
        ("As of December 31, 2018:", "", "", ""),
        ("Customer lists", "$ 80", "$ (30)", "$ 50"),
        ("Patents", "40", "(5)", "35"),
        ("Total", "$ 120", "$ (35)", "$ 85"),
    ],
)
YEARS_DOWN = Table.build(
    "CNY million",
    ["Year", "Loans", "Deposits"],
    [("2019", "5,000", "8,000"), ("2018", "4,000", "7,500"), ("2017", "3,800", "7,000")],
)
OBLIGATIONS = Table.build(
    "Contractual obligations (in thousands)",
    ["", "Total", "Less than 1 year", "1-3 years", "More than 3 years"],
    [
        ("Operating leases", "$ 100", "$ 20", "$ 30", "$ 50"),
        ("Purchase obligations", "60", "40", "10", "10"),
        ("Long-term debt", "240", "40", "100", "100"),
        ("Total", "$ 400", "$ 100", "$ 140", "$ 160"),
    ],
)
PRICES = Table.build(
    "",
    ["Level", "Single transfer limit (CNY)", "Daily limit (CNY)", "Fee"],
    [
        ("Basic", "20,000", "50,000", "CNY 2 per transfer"),
        ("Standard", "100,000", "300,000", "CNY 1 per transfer"),
        ("Premium", "500,000", "1,000,000", "free"),
    ],
)
CHANGES = Table.build(
    "CNY million. Change in per cent.",
    ["Item", "2025", "2024", "Change %"],
    [("Net profit", "3810", "3428", "11.1"), ("Net interest income", "8642", "8215", "5.2")],
)


@pytest.mark.parametrize(
    ("table", "question", "short"),
    [
        (INCOME, "What was the gross profit last year?", "$ 4,000 thousand"),
        (INCOME, "What was the gross margin in 2018?", "50.0%"),
        (INCOME, "What was the average headcount in 2019?", "120"),
        (
            INCOME,
            "What was the revenue in Americas in 2019 and 2018 respectively?",
            "$ 5,000 thousand, $ 4,000 thousand",
        ),
        (ASSETS, "What was the net amount of patents in 2018?", "$35 million"),
        (ASSETS, "What was the total accumulated amortization in 2018?", "$ (35) million"),
        (YEARS_DOWN, "What were loans in 2018?", "CNY 4,000 million"),
        (OBLIGATIONS, "What are the total obligations due in 1-3 years?", "$ 140 thousand"),
        (PRICES, "What is the daily limit of the Standard level?", "CNY 300,000"),
        (PRICES, "What does a transfer cost at the Basic level?", "CNY 2 per transfer"),
        (CHANGES, "What was the percentage change in net profit from 2024 to 2025?", "11.1%"),
    ],
)
def test_cells_are_looked_up(table, question, short):
    found = answer_from_table(question, table)
    assert found is not None
    assert found.short == short
    assert found.calculation is None
    assert found.cells[0][1].text in short


@pytest.mark.parametrize(
    ("table", "question", "operation", "value", "text"),
    [
        (INCOME, "By how much did gross profit increase from 2018 to 2019?", "difference", 1900, "$1,900 thousand"),
        (
            INCOME,
            "What was the change in gross margin between 2018 and 2019?",
            "difference",
            9.6,
            "9.6 percentage points",
        ),
        (INCOME, "By what percentage did Americas revenue grow from 2018 to 2019?", "change_percent", 25, "25.00%"),
        (INCOME, "What percentage of total revenue came from Americas in 2018?", "share_percent", 50, "50.00%"),
        (INCOME, "What was gross profit as a percentage of total revenue in 2018?", "share_percent", 50, "50.00%"),
        (INCOME, "What is the share of Europe in total revenue in 2018?", "share_percent", 37.5, "37.50%"),
        (INCOME, "What was the average gross profit from 2017 to 2019?", "average", 4966.67, "$4,966.67 thousand"),
        (INCOME, "What was the sum of product cost and service cost in 2019?", "sum", -4000, "-$4,000 thousand"),
        (INCOME, "What is the ratio of gross profit to total revenue in 2018?", "ratio", 0.5, "0.50"),
        (
            INCOME,
            "What is the difference between Americas and Europe revenue in 2019?",
            "difference",
            2500,
            "$2,500 thousand",
        ),
        (INCOME, "How many years did gross profit exceed $4,500 thousand?", "count", 2, "2"),
        (ASSETS, "What is the change in the net amount of patents from 2018 to 2019?", "difference", 5, "$5 million"),
        (YEARS_DOWN, "What was the average of loans over the years?", "average", 4266.67, "CNY 4,266.67 million"),
        (YEARS_DOWN, "What was the ratio of loans to deposits in 2019?", "ratio", 0.63, "0.63"),
        (
            OBLIGATIONS,
            "What percentage of purchase obligations is due in less than 1 year?",
            "share_percent",
            66.67,
            "66.67%",
        ),
        (
            PRICES,
            "How much higher is the daily limit of Premium than of Standard?",
            "difference",
            700_000,
            "CNY 700,000",
        ),
    ],
)
def test_figures_are_computed(table, question, operation, value, text):
    found = answer_from_table(question, table)
    assert found is not None
    assert found.calculation is not None
    made = found.calculation
    assert (made.operation, made.value, made.text, found.short) == (operation, value, text, text)
    assert [part.text for part in made.inputs] == [cell.text for _row, cell in found.cells]
    assert [part.row for part in made.inputs] == [row for row, _cell in found.cells]


@pytest.mark.parametrize(
    ("table", "question", "short"),
    [
        (INCOME, "Which region had the highest revenue in 2018?", "Americas"),
        (INCOME, "In which year was gross profit lowest?", "2018"),
        (INCOME, "What are the components of total revenue?", "Americas, Europe, Asia Pacific"),
        (YEARS_DOWN, "In which year were deposits the highest?", "2019"),
        (PRICES, "Which level has the highest single transfer limit?", "Premium"),
        (OBLIGATIONS, "Which obligation had the highest amount due in 1-3 years?", "Long-term debt"),
    ],
)
def test_rows_and_periods_are_named(table, question, short):
    found = answer_from_table(question, table)
    assert found is not None
    assert found.short == short


@pytest.mark.parametrize(
    ("table", "question"),
    [
        (INCOME, "What was the revenue of Africa in 2019?"),
        (INCOME, "What was the net interest margin in 2019?"),
        (INCOME, "What was the gross profit in 2015?"),
        (INCOME, "Why did gross profit increase in 2019?"),
        (YEARS_DOWN, "What were loans in 2016?"),
        (PRICES, "What is the daily limit for Gold?"),
    ],
)
def test_what_the_table_does_not_tell_is_not_answered(table, question):
    assert answer_from_table(question, table) is None


def test_a_rise_from_a_loss_is_positive_and_growth_from_zero_is_no_figure():
    table = Table.build("", ["", "2019", "2018"], [("Net result", "5", "(10)"), ("Other income", "4", "—")])
    found = answer_from_table("What was the percentage change in the net result from 2018 to 2019?", table)
    assert found is not None
    assert found.calculation is not None
    assert found.calculation.formula == "(5 - (-10)) / 10 × 100"
    assert found.calculation.value == 150
    assert answer_from_table("What was the percentage change in other income from 2018 to 2019?", table) is None


def test_an_empty_table_answers_nothing():
    assert answer_from_table("What was the revenue in 2019?", Table.build("", [], [])) is None
