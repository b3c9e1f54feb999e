import pytest

from appliance.core.errors import ConfigError
from appliance.core.messages import speaking
from scenarios.reports.analysis.analysing import analyse, formulas_in_force
from scenarios.reports.analysis.documentation import PAGE, render
from scenarios.reports.analysis.formulas import shipped

from .made import BALANCED, dossier, items

OURS = """
formulas:
  equity_ratio:
    group: solvency
    title: {en: Equity ratio, zh: 权益比率}
    unit: share
    formula: {en: "total equity ÷ total assets", zh: "所有者权益合计 ÷ 资产总计"}
    expression: total_equity / total_assets
"""


def entry(**changed):
    fields = {
        "group": "solvency", "title": "{en: A, zh: 甲}", "unit": "ratio", "formula": "{en: A, zh: 甲}",
        "expression": "cash",
    } | changed  # fmt: skip
    return "\n".join(["formulas:", "  mine:", *(f"    {name}: {value}" for name, value in fields.items() if value)])


def refused(folder, text):
    (folder / "formulas.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised, speaking("en"):
        formulas_in_force(folder)
    with speaking("en"):
        return f"{raised.value} {raised.value.hint}"


def test_the_page_of_figures_is_the_rendered_list():
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "run: python -m scenarios.reports.analysis.documentation > docs/report-figures.md"
    )


def test_each_formula_is_on_the_page_in_both_languages():
    page = render()
    for one in shipped().formulas.values():
        assert all(
            text in page for text in (one.title.en, one.title.zh, one.formula.en, one.formula.zh, one.expression)
        )


def test_a_bank_adds_a_ratio_by_its_own_file_alone(tmp_path):
    (tmp_path / "formulas.yaml").write_text(OURS, encoding="utf-8")
    figure = analyse(dossier(items(BALANCED), "zh_CN"), tmp_path).figure("equity_ratio@2025-12-31")
    assert figure.value == pytest.approx(320 / 600)
    assert (figure.title, figure.shown) == ("权益比率", "53.33%")
    assert [one.symbol for one in figure.inputs] == ["total_equity", "total_assets"]
    (tmp_path / "formulas.yaml").unlink()
    assert analyse(dossier(items(BALANCED), "zh_CN"), tmp_path).figure("equity_ratio@2025-12-31") is None


def test_a_bank_exchanges_a_shipped_formula(tmp_path):
    text = OURS.replace("equity_ratio", "current_ratio").replace("total_equity /", "cash /")
    (tmp_path / "formulas.yaml").write_text(text, encoding="utf-8")
    figure = analyse(dossier(items(BALANCED)), tmp_path).figure("current_ratio@2025-12-31")
    assert figure.value == pytest.approx(100 / 600)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry(expression="total_asets / cash"), ("formulas.mine.expression", "total_asets", "total_assets")),
        (entry(expression="cash / (total_assets"), ("formulas.mine.expression", "its end")),
        (entry(expression="__import__('os')"), ("formulas.mine.expression", "__import__")),
        (entry(expression="cash.real / 2"), ("formulas.mine.expression", "cash.real")),
        (entry(expression="fact(auditor) / cash"), ("formulas.mine.expression", "auditor")),
        (entry(expression="mine + cash"), ("mine → mine",)),
        (entry(unit="parsec"), ("formulas.mine.unit",)),
        (entry(expression=None), ("formulas.mine.expression", "missing")),
        (entry(expression="this / cash"), ("formulas.mine", "go together")),
        (entry(expression="this / cash", family="mine", over="[cahs]"), ("formulas.mine.over", "cahs", "cash")),
        (entry(color="red"), ("formulas.mine.color", "no such field")),
        (entry().replace("mine:", "cash:"), ("formulas.cash", "name of an account")),
        (entry().replace("mine:", "days:"), ("formulas.days", "name of an account")),
        ("formulas: [", ("not YAML",)),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_with_entry_and_fix(tmp_path, text, said):
    message = refused(tmp_path, text)
    assert "formulas.yaml" in message
    for part in said:
        assert part in message


def test_formulas_in_a_circle_are_refused(tmp_path):
    one = entry(expression="other_one + cash")
    two = entry(expression="mine + cash").replace("formulas:\n", "").replace("mine:", "other_one:")
    assert "→" in refused(tmp_path, one + "\n" + two)
