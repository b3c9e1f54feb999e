from decimal import Decimal

import pytest

from scenarios.agent_assist.reading.numbers import chinese_number, english_number, ordinal


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("五万三", "53000"),
        ("3万5", "35000"),
        ("3万5000", "35000"),
        ("两万三千五", "23500"),
        ("一万零五", "10005"),
        ("一百二", "120"),
        ("十五", "15"),
        ("二十三", "23"),
        ("一亿三千万", "130000000"),
        ("2.5万", "25000"),
        ("8,000.50", "8000.50"),
        ("二〇二六", "2026"),
        ("1千200", "1200"),
    ],
)
def test_numbers_as_they_are_said_in_chinese(said, value):
    assert chinese_number(said) == Decimal(value)


@pytest.mark.parametrize("said", ["三五万", "1,2", "1,23,456", "万", "九" * 30 + "万"])
def test_what_is_no_number_in_chinese(said):
    assert chinese_number(said) is None


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("five thousand", "5000"),
        ("twenty five hundred", "2500"),
        ("twenty-five", "25"),
        ("one hundred and fifty", "150"),
        ("half a million", "500000"),
        ("two point five million", "2500000"),
        ("a hundred", "100"),
        ("one thousand two hundred and five", "1205"),
    ],
)
def test_numbers_as_they_are_said_in_english(said, value):
    assert english_number(said) == Decimal(value)


@pytest.mark.parametrize("said", ["one two three", "fifteen twenty"])
def test_digits_said_one_by_one_are_no_number(said):
    assert english_number(said) is None


@pytest.mark.parametrize(("said", "day"), [("third", 3), ("twenty first", 21), ("thirtieth", 30), ("thirty-first", 31)])
def test_days_of_the_month_in_words(said, day):
    assert ordinal(said) == day
