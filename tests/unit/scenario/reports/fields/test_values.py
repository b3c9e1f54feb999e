import pytest

from scenarios.reports.fields.numerals import capital_money, whole
from scenarios.reports.fields.values import read_value


@pytest.mark.parametrize(
    ("printed", "unit", "yuan"),
    [
        ("人民币5,000万元", "", 5e7),
        ("伍仟万元整", "", 5e7),
        ("５，０００万元", "", 5e7),
        ("50,000,000.00元", "", 5e7),
        ("人民币伍仟万元整（￥50,000,000.00）", "", 5e7),
        ("RMB 50 million", "", 5e7),
        ("5000", "万元", 5e7),
        ("1.2亿元", "", 1.2e8),
        ("壹亿贰仟万圆整", "", 1.2e8),
        ("-1,200.50元", "", -1200.5),
        ("(1,200.50)", "元", -1200.5),
    ],
)
def test_an_amount_is_read_in_yuan_however_it_is_written(printed, unit, yuan):
    value = read_value("money", printed, unit)
    assert value.number == pytest.approx(yuan)
    assert value.sure >= 0.8


def test_an_amount_without_a_unit_is_not_sure_and_names_what_it_could_be():
    value = read_value("money", "5000")
    assert value.sure < 0.8
    assert value.choices == ("5000元", "5000万元")


def test_words_and_figures_that_differ_are_not_sure():
    value = read_value("money", "人民币伍仟万元整（￥5,000,000.00）")
    assert value.sure < 0.8
    assert len(value.choices) == 2


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("二〇一九年三月五日", "2019-03-05"),
        ("2019年3月5日", "2019-03-05"),
        ("2019 年 3 月 5 日", "2019-03-05"),
        ("2019.03.05", "2019-03-05"),
        ("20190305", "2019-03-05"),
        ("5 March 2019", "2019-03-05"),
        ("March 5, 2019", "2019-03-05"),
        ("25/03/2019", "2019-03-25"),
    ],
)
def test_a_day_is_read_however_it_is_written(printed, day):
    assert read_value("day", printed).text == day


def test_an_impossible_day_is_none_and_an_ambiguous_one_is_asked():
    assert read_value("day", "2019年2月30日") is None
    value = read_value("day", "03/05/2019")
    assert value.sure < 0.8
    assert value.choices == ("2019-05-03", "2019-03-05")


@pytest.mark.parametrize(
    ("printed", "unit", "share"),
    [("35%", "", 0.35), ("百分之三十五点五", "", 0.355), ("35", "%", 0.35), ("100％", "", 1.0)],
)
def test_a_share_is_a_share(printed, unit, share):
    assert read_value("share", printed, unit).number == pytest.approx(share)


@pytest.mark.parametrize(("printed", "months"), [("24个月", 24), ("2年", 24), ("36 months", 36), ("三年", 36)])
def test_a_term_is_counted_in_months(printed, months):
    assert read_value("months", printed).number == months


@pytest.mark.parametrize("printed", ["", " ", "—", "无", "不适用", "N/A"])
def test_what_says_nothing_is_no_value(printed):
    assert read_value("money", printed) is None
    assert read_value("text", printed) is None


def test_a_formula_is_text_and_no_amount():
    assert read_value("money", "=cmd|'/c calc'!A0").sure < 0.8
    assert read_value("day", "=cmd") is None


def test_a_text_of_a_hundred_thousand_characters_is_cut():
    assert len(read_value("text", "长" * 100_000).text) == 2000


@pytest.mark.parametrize(
    ("text", "number"),
    [("十二", 12), ("二十", 20), ("一亿零五万", 100_050_000), ("壹拾万", 100_000), ("二〇一九", 2019), ("甲", None)],
)
def test_chinese_numerals_are_read(text, number):
    assert whole(text) == number


def test_jiao_and_fen_count():
    assert capital_money("壹佰元伍角叁分") == 100.53
