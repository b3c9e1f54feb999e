import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.guardrails.handed import judge
from appliance.knowledge.answers.bearing import GivenFigures
from appliance.knowledge.asking.values import values_in
from appliance.scenario.checks import bound
from appliance.scenario.numbers import numbers
from scenarios.advisor.figures import Maker, fact, shown
from scenarios.advisor.figures.writing import number_of

UNITS = ("share", "ratio", "CNY", "USD", "HKD", "EUR", "days", "count", "level", "date")


@pytest.mark.parametrize(
    ("value", "unit", "english", "chinese"),
    [
        (0.12345, "share", "12.35%", "12.35%"),
        (-0.3, "share", "-30.00%", "-30.00%"),
        (-0.00001, "share", "0.00%", "0.00%"),
        (12.5, "share", "1,250.00%", "1,250.00%"),
        (-1234567.891, "CNY", "-1,234,567.89 CNY", "-1,234,567.89元"),
        (5.0, "USD", "5.00 USD", "5.00美元"),
        (5.0, "HKD", "5.00 HKD", "5.00港元"),
        (1, "days", "1 day", "1天"),
        (365, "days", "365 days", "365天"),
        (1234, "count", "1,234", "1,234"),
        (0.456, "ratio", "0.46", "0.46"),
        (4, "level", "R4", "R4"),
        (20260131.0, "date", "2026-01-31", "2026年1月31日"),
        (None, "share", "n/a", "无"),
    ],
)
def test_each_unit_is_written_in_one_way(value, unit, english, chinese) -> None:
    assert (shown(value, unit, "en"), shown(value, unit, "zh_CN")) == (english, chinese)


def value_of(unit, draw):
    if unit == "date":
        return number_of(draw(st.dates(date(1990, 1, 1), date(2099, 12, 31))))
    if unit == "level":
        return draw(st.integers(1, 5))
    if unit in ("days", "count"):
        return draw(st.integers(0, 10**6))
    return draw(st.floats(-1e9, 1e9) if unit not in ("share", "ratio") else st.floats(-1e4, 1e4))


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(UNITS), st.sampled_from(["en", "zh_CN"]))
def test_what_is_written_is_read_back_as_one_number(data, unit, language) -> None:
    value = value_of(unit, data.draw)
    text = shown(value, unit, language)
    (read,) = values_in(text)
    if unit == "date":
        assert read.unit == "date"
        return
    scale, decimals = (100.0, 2) if unit == "share" else (1.0, 0 if unit in ("days", "count", "level") else 2)
    wanted = abs(round(value * scale, decimals))
    # The check reads ten digits; the sign stands before the number.
    assert float(read.number) == pytest.approx(wanted, rel=1e-9, abs=0.5 * 10**-decimals)
    assert text.startswith("-") == (value < 0 and wanted != 0 and re.search("[1-9]", text) is not None)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["en", "zh_CN"]))
def test_the_number_check_finds_what_a_figure_shows_and_nothing_else(data, language) -> None:
    maker = Maker("series", language)
    name = data.draw(st.sampled_from(["volatility", "sharpe", "holding_cost", "term", "first_day", "peer_rank"]))
    unit = maker.catalogue.formulas[name].unit
    unit = "CNY" if unit == "money" else unit
    figure = maker.make(name, value_of(unit, data.draw), unit=unit)
    sentence = f"{figure.title}为{figure.shown}。" if language == "zh_CN" else f"The figure is {figure.shown} here."
    assert GivenFigures([fact(figure)]).have_all_of(sentence)
    check = numbers()
    assert not judge(sentence, bound([check], {check.name: (fact(figure),)})).findings
    assert not GivenFigures([fact(figure)]).have_all_of(f"{sentence} 987654321.5%")
