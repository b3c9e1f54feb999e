import re
from dataclasses import replace
from datetime import date

import numpy
import pytest

from appliance.core.errors import ConfigError, InvalidRequest, NotFound
from appliance.core.messages import speaking
from appliance.guardrails.handed import judge
from appliance.knowledge.answers.bearing import GivenFigures
from appliance.scenario.checks import bound
from appliance.scenario.numbers import numbers
from scenarios.advisor.figures import fact, performance
from scenarios.advisor.funds import CHARTS, FundTexts, diagnose, facts, fund_texts
from scenarios.advisor.funds.fees import exit_fee
from scenarios.advisor.models import Series

LANGUAGES = ("en", "zh_CN")
PRODUCTS = [f"P{number:03}" for number in range(1, 81)]
PROMISES = re.compile(r"will (?:rise|return|earn|grow)|guarantee|保本|保证收益|必涨|稳赚|预计.{0,6}上涨|承诺收益")


def remade(sample, product, values=None, days=None, **changes):
    """Return the data with another series or row for one product."""
    old = sample.nav(product)
    days = old.days if days is None else days
    values = old.values if values is None else numpy.asarray(values, dtype=float)
    series = Series(product, days, values, old.source)
    navs = {**sample.series["nav"], product: series}
    products = {**sample.products, product: sample.products[product].model_copy(update=changes)}
    return replace(
        sample, series={**sample.series, "nav": navs}, plain={**sample.plain, product: series}, products=products
    )


@pytest.fixture(scope="module")
def diagnoses(sample):
    return {
        (product, language): diagnose(sample, product, None, language, charts=())
        for product in PRODUCTS
        for language in LANGUAGES
    }


def test_each_number_in_each_sentence_is_one_of_its_figures(diagnoses) -> None:
    said = 0
    for (_product, _language), one in diagnoses.items():
        figures = one.figures()
        titles = {window.title for window in one.windows}
        for sentence in one.sentences:
            left = sentence.text
            shown = [figures[name].shown for name in sentence.figures] + [one.fees.amount, *titles]
            for text in sorted(shown, key=len, reverse=True):
                left = left.replace(text, " ")
            left = re.sub(r"(?:over|持有) ?[13] ?(?:years?|年)", " ", left)
            assert not re.search(r"\d", left), (sentence.text, left)
            assert all(figures[name].shown in sentence.text for name in sentence.figures)
            said += 1
    assert said > 500


def test_the_number_check_passes_each_sentence(diagnoses) -> None:
    check = numbers()
    for product in PRODUCTS[:13]:
        for language in LANGUAGES:
            one = diagnoses[product, language]
            text = " ".join(sentence.text for sentence in one.sentences)
            assert GivenFigures([fact(figure) for figure in one.figures().values()]).have_all_of(text), text
            given = facts(one)
            assert not judge(text, bound([check], {check.name: given})).findings, text
            assert judge(f"{text} 97.53%.", bound([check], {check.name: given})).findings


def test_each_kind_of_sentence_is_said_of_some_product_or_by_some_change(sample, diagnoses) -> None:
    said = {sentence.name for one in diagnoses.values() for sentence in one.sentences}
    changed = remade(sample, "P003", redeem_days=9, industries={"energy": 0.9})
    said |= {sentence.name for sentence in diagnose(changed, "P003", charts=()).sentences}
    young = remade(sample, "P003", sample.nav("P003").values[-300:], sample.nav("P003").days[-300:])
    said |= {sentence.name for sentence in diagnose(young, "P003", charts=()).sentences}
    said |= {sentence.name for sentence in diagnose(drifting(sample), "P003", charts=()).sentences}
    dear = remade(sample, "P003", management_fee=0.03)
    said |= {sentence.name for sentence in diagnose(dear, "P003", charts=()).sentences}
    cheap = remade(sample, "P003", management_fee=0.001)
    said |= {sentence.name for sentence in diagnose(cheap, "P003", charts=()).sentences}
    assert said == set(fund_texts().sentences)


def drifting(sample):
    """P003 as one that changed from small growth to large value a year ago."""
    factors = sample.factors("style")
    returns = {name: one.values[1:] / one.values[:-1] - 1.0 for name, one in factors.items()}
    moved = returns["small_growth"].copy()
    moved[-252:] = returns["large_value"][-252:]
    return remade(sample, "P003", numpy.cumprod(numpy.r_[1.0, 1.0 + moved]))


def test_no_promise_is_made_and_the_disclosure_is_there(diagnoses) -> None:
    for one in diagnoses.values():
        assert not PROMISES.search(" ".join(sentence.text for sentence in one.sentences))
        assert "过往业绩不预示未来表现" in one.disclosure or "does not foretell" in one.disclosure


def test_windows_begin_with_the_last_value_before_them(sample) -> None:
    one = diagnose(sample, "P003", charts=())
    series = sample.nav("P003")
    starts = {
        "1y": date(2025, 10, 30), "3y": date(2023, 10, 30), "5y": date(2021, 10, 30), "ytd": date(2025, 12, 31)
    }  # fmt: skip
    assert [window.name for window in one.windows] == ["all", "1y", "3y", "5y", "ytd"]
    for name, start in starts.items():
        base = series.between(None, start).values[-1]
        total = one.window(name).figures["total_return"]
        assert total.value == pytest.approx(series.values[-1] / base - 1.0, abs=1e-12)
        assert total.id == f"fund.P003.{name}.total_return"
    rest = performance(series, sample.benchmark("equities"), sample.rate("risk_free"))
    assert {name: figure.value for name, figure in one.window("all").figures.items()} == {
        name: figure.value for name, figure in rest.items()
    }


def test_a_day_in_the_past_sees_nothing_after_it(sample) -> None:
    day = date(2023, 6, 30)
    cut = remade(
        sample, "P003", sample.nav("P003").between(None, day).values, sample.nav("P003").between(None, day).days
    )
    one, other = diagnose(sample, "P003", day, charts=()), diagnose(cut, "P003", day, charts=())
    assert one == other
    assert one.last_day.shown == "2023-06-30"
    assert one.window("5y").figures == {}
    assert one.window("5y").note == "The values do not reach back so far."


def test_days_ahead_and_days_before_the_first_value_are_refused(sample) -> None:
    with speaking("en"):
        with pytest.raises(InvalidRequest) as ahead:
            diagnose(sample, "P003", date(2030, 1, 1))
        assert "The data end on 2026-10-30" in str(ahead.value)
        with pytest.raises(InvalidRequest) as before:
            diagnose(sample, "P003", date(1999, 1, 1))
        assert "no value up to 1999-01-01" in str(before.value)
        with pytest.raises(NotFound):
            diagnose(sample, "P999")


def test_a_fund_with_three_values_is_diagnosed_without_figures(sample) -> None:
    few = remade(sample, "P003", sample.nav("P003").values[-3:], sample.nav("P003").days[-3:])
    one = diagnose(few, "P003")
    assert {figure.value for figure in one.window("all").figures.values()} == {None}
    assert one.window("all").figures["sharpe"].note == "3 values: at least 30 are needed."
    assert one.window("1y").figures == {}
    assert (one.peers, one.rolling, one.style.weights) == ((), (), ())
    assert one.fees.total.shown == "1.40%"
    assert {chart.name for chart in one.charts} == {"growth", "drawdown", "months"}
    single = remade(sample, "P003", sample.nav("P003").values[-1:], sample.nav("P003").days[-1:])
    assert diagnose(single, "P003").charts == ()


def test_a_deposit_has_no_ratios_styles_or_ranks_by_risk(diagnoses) -> None:
    one = diagnoses["P007", "en"]
    assert one.kind == "deposit"
    assert one.window("1y").figures["sharpe"].value is None
    assert one.style.weights == one.industry.weights == ()
    assert one.style.notes[0].startswith("Too few values in common")
    ranks = {rank.measure: rank.rank.value for rank in one.peers}
    assert ranks["total_return"] is not None
    assert (ranks["volatility"], ranks["max_drawdown"]) == (None, None)
    assert {sentence.name for sentence in one.sentences} >= {"free", "term"}


def test_ranks_are_places_among_the_peers(sample, diagnoses) -> None:
    group = [product for product in PRODUCTS if sample.products[product].peer_group == "equity"]
    assert len(group) > 5
    ranks = {product: {one.measure: one for one in diagnoses[product, "en"].peers} for product in group}
    for measure, best in (("total_return", max), ("volatility", min), ("sharpe", max), ("max_drawdown", max)):
        places = sorted(ranks[product][measure].rank.value for product in group)
        assert places == list(range(1, len(group) + 1))
        values = {product: ranks[product][measure].value.value for product in group}
        first = next(product for product in group if ranks[product][measure].rank.value == 1)
        assert values[first] == best(values.values())
        assert ranks[first][measure].percentile.shown == "100.00%"
        assert {ranks[product][measure].count.value for product in group} == {len(group)}


def test_equal_peers_are_not_better_than_each_other(sample) -> None:
    group = [product for product in PRODUCTS if sample.products[product].peer_group == "equity"]
    same = sample
    for product in group:
        same = remade(same, product, sample.nav("P003").values)
    one = diagnose(same, "P003", charts=())
    assert {rank.rank.value for rank in one.peers} == {1.0}
    assert {rank.percentile.value for rank in one.peers} == {0.0}
    assert not {sentence.name for sentence in one.sentences} & {"peer_good", "peer_poor"}


def test_a_product_without_peers_or_benchmark_says_so(sample) -> None:
    alone = remade(sample, "P003", peer_group="", benchmark="nothing")
    one = diagnose(alone, "P003", charts=("growth",))
    assert one.benchmark is None
    assert one.notes == ("There are no values of its benchmark.",)
    assert "beta" not in one.window("all").figures
    assert [rank.percentile.note for rank in one.peers] == ["There is nothing to compare with."] * 4
    assert {row["line"] for row in one.charts[0].vega_lite["data"]["values"]} == {one.name}


def test_a_peer_with_faults_does_not_count(sample) -> None:
    group = [product for product in PRODUCTS if sample.products[product].peer_group == "equity"]
    other = next(product for product in group if product != "P003")
    values = sample.nav(other).values.copy()
    values[-1] = 0.0
    one = diagnose(remade(sample, other, values), "P003", charts=())
    assert one.peers[0].count.value == len(group) - 1
    with pytest.raises(InvalidRequest):
        diagnose(remade(sample, other, values), other)


@pytest.mark.parametrize(
    ("days", "share"), [(0, 0.015), (6, 0.015), (7, 0.0075), (29, 0.0075), (364, 0.005), (365, 0.0)]
)
def test_the_fee_to_redeem_is_that_of_the_days_held(days, share) -> None:
    assert exit_fee(((365, 0.005), (7, 0.015), (30, 0.0075)), days) == share


def test_costs_are_entry_running_and_exit(sample) -> None:
    product = remade(
        sample, "P003", front_fee=0.015, management_fee=0.01, custody_fee=0.002, back_fees=((400, 0.005), (730, 0.001))
    )
    one, three = diagnose(product, "P003", charts=()).fees.costs
    net = 10_000 / 1.015
    assert one.cost.value == pytest.approx(10_000 - net + net * 0.012 + net * 0.005)
    assert three.cost.value == pytest.approx(10_000 - net + net * 0.012 * 3)
    assert one.cost.shown == "315.27 CNY"
    assert (one.exit.shown, three.exit.shown) == ("0.50%", "0.00%")


def test_reported_industries_stand_beside_the_regressed(diagnoses) -> None:
    one = diagnoses["P008", "zh_CN"]
    first = one.industry.weights[0]
    assert (first.index, first.title, first.reported.shown) == ("utilities", "公用事业", "95.00%")
    assert first.regressed.value == pytest.approx(0.95, abs=0.08)
    assert sum(weight.regressed.value for weight in one.industry.weights) == pytest.approx(1.0)
    assert "由收益率回归估计，并非实际持仓。" in one.industry.notes
    assert len(one.style.earlier) == 4


def test_a_change_of_style_is_told(sample) -> None:
    (drift,) = [one for one in diagnose(drifting(sample), "P003", charts=()).sentences if one.name == "drift"]
    assert drift.kind == "watch"
    assert "large value" in drift.text or "small growth" in drift.text


def test_the_higher_level_counts(sample, diagnoses) -> None:
    product = next(one for one in sample.products.values() if one.issuer_level != one.seller_level)
    one = diagnoses[product.id, "en"]
    assert one.risk_level.shown == max(product.issuer_level, product.seller_level)
    assert any(sentence.name == "levels" for sentence in one.sentences)


def test_ids_are_unique_and_each_figure_has_formula_and_sources(diagnoses) -> None:
    for one in diagnoses.values():
        figures = one.figures()
        assert len(figures) > 100
        dumped = one.model_dump_json()
        assert dumped.count('"formula":') == len(figures), "two figures have one id"
        for figure in figures.values():
            assert figure.formula
            assert figure.sources
            assert (figure.value is None) == (figure.shown in ("n/a", "无"))
            assert figure.value is not None or figure.note, figure.id


def test_all_charts_are_drawn_in_both_languages(sample) -> None:
    for language in LANGUAGES:
        one = diagnose(sample, "P003", None, language)
        assert tuple(chart.name for chart in one.charts) == CHARTS
        assert all(one.name in chart.title for chart in one.charts)
        assert len({chart.png_base64 for chart in one.charts}) == len(CHARTS)


def test_own_texts_replace_those_of_the_same_name(sample, tmp_path) -> None:
    own = tmp_path / "funds.yaml"
    own.write_text(
        "disclosure: {en: Our own words., zh: 本行自己的提示。}\nlimits: {drawdown_now: -0.99}\n", encoding="utf-8"
    )
    texts = FundTexts.load(own=own)
    one = diagnose(sample, "P003", charts=(), texts=texts)
    assert one.disclosure == "Our own words."
    assert "drawdown_now" not in {sentence.name for sentence in one.sentences}
    assert texts.sentences == fund_texts().sentences
    assert FundTexts.load(own=tmp_path / "none.yaml") == fund_texts()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("limits: {drift: much}", "limits.drift"),
        ("more: {}", "more"),
        ("disclosure: {en: A}", "disclosure.zh"),
        ('sentences: {slow: {en: "{day} days", zh: "{days}"}}', "sentences.slow"),
        ('sentences: {slow: {en: "{days", zh: "{days}"}}', "sentences.slow"),
        ('labels: {window: {en: "{window.__class__}", zh: 日}}', "labels.window"),
    ],
)
def test_own_texts_that_are_not_valid_are_refused_with_their_place(tmp_path, wrong, said) -> None:
    own = tmp_path / "funds.yaml"
    own.write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        FundTexts.load(own=own)
    with speaking("en"):
        assert said in str(raised.value)
        assert "funds.yaml" in str(raised.value)


def test_sentences_have_the_same_fields_in_both_languages() -> None:
    texts = fund_texts()
    for group in (texts.sentences, texts.charts, texts.labels):
        for name, words in group.items():
            fields = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (words.en, words.zh)]
            assert fields[0] == fields[1], name
