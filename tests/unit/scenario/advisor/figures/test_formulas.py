from pathlib import Path

import pytest

from appliance.core.errors import ConfigError
from appliance.core.messages import speaking
from scenarios.advisor.figures import Formulas, formulas, performance, rolling
from scenarios.advisor.figures.documentation import PAGE, render
from scenarios.advisor.figures.formulas import SHIPPED

from .made import wavy


def test_the_page_of_formulas_is_the_rendered_list() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "run: python -m scenarios.advisor.figures.documentation > docs/advisor-figures.md"
    )


def test_each_formula_is_on_the_page_in_both_languages() -> None:
    page = render()
    for name, one in formulas().formulas.items():
        assert f"`{name}`" in page
        assert all(text in page for text in (one.title.en, one.title.zh, one.formula.en, one.formula.zh))


def test_each_formula_of_a_series_is_computed_and_each_that_is_computed_has_one() -> None:
    series, benchmark = wavy(300), wavy(300, seed=2)
    computed = {**performance(series, benchmark, 0.02), **rolling(series, benchmark, 0.02, 126)}
    assert set(computed) == {name for name, one in formulas().formulas.items() if one.kind != "fund"}
    assert set(performance(series)) == {
        name for name, one in formulas().formulas.items() if one.kind == "performance" and not one.benchmark
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("formulas: [", "not YAML"),
        ("- 1", "must hold a mapping"),
        ("formulas: {a: {title: {en: A, zh: 甲}, unit: parsec, formula: {en: A, zh: 甲}}}", "formulas.a.unit"),
        ("formulas: {a: {title: {en: A}, unit: share, formula: {en: A, zh: 甲}}}", "formulas.a.title.zh"),
        ("formulas: {}\nmore: 1", "more"),
    ],
)
def test_a_list_that_is_not_valid_is_refused_with_its_place(tmp_path: Path, wrong, said) -> None:
    path = tmp_path / "formulas.yaml"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigError) as raised, speaking("en"):
        Formulas.load(path)
    with speaking("en"):
        assert said in str(raised.value)
        assert "formulas.yaml" in str(raised.value)


def test_the_shipped_list_loads() -> None:
    assert Formulas.load(SHIPPED) == formulas()
