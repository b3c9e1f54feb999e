import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.reports.statements.amounts import amount_of

READ = {
    "1,234.50": 1234.5, "(1,234)": -1234, "（1,234.00）": -1234, "-5": -5, "－1，234．50": -1234.5, "−7.25": -7.25,
    "1234.5-": -1234.5, "１２３": 123, "¥1,000.00": 1000, "-¥3": -3, "1,234.50元": 1234.5, "△12": -12,
    "1 234.50": 1234.5,
    "0.00": 0, "RMB 12": 12, "1234567890.12": 1234567890.12,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), READ.items())
def test_amounts_in_every_writing(text, value):
    amount = amount_of(text)
    assert amount is not None
    assert (amount.value, amount.nil) == (value, False)


@pytest.mark.parametrize("text", ["-", "—", "--", "－", "/", "不适用", "N/A"])
def test_a_dash_is_nil(text):
    amount = amount_of(text)
    assert amount is not None
    assert (amount.value, amount.nil) == (0.0, True)


@pytest.mark.parametrize("text", ["", "  ", "五、1", "1,2?4", "12,34", "#REF!", "2025年", "1.2.3", "货币资金", "12.5%"])
def test_words_and_what_cannot_be_read_are_no_amounts(text):
    assert amount_of(text) is None


@given(st.decimals(-(10**12), 10**12, places=2))
def test_what_is_printed_is_read_back(number):
    for text in (f"{number:,.2f}", f"({abs(number):,.2f})" if number < 0 else f"{number:.2f}"):
        amount = amount_of(text)
        assert amount is not None
        assert amount.value == float(number)
        assert amount.decimals == 2
