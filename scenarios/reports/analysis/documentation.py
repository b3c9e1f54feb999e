"""The page that lists figures and warnings, in both languages: `python -m scenarios.reports.analysis.documentation`."""

import sys
from pathlib import Path
from typing import Final

from appliance.scenario.words import Words

from .analysing import formulas_in_force
from .formulas import Formula, Formulas, Zones, shipped
from .rules import Condition, Rule
from .rules import shipped as shipped_rules

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "report-figures.md"
_HEAD: Final = """# Figures of reports · 报告指标

Made from `scenarios/reports/analysis/formulas.yaml` and `warnings.yaml`; do not edit it here.

Every figure comes from code, with its formula, its inputs and the place of each input. A missing input, or a
denominator that is zero or negative, gives no value but a note that says why. All inputs of a figure are of one scope
(consolidated before parent company) and one currency.
每个指标都由程序计算，并附公式、输入和每个输入的出处。缺少输入，或分母为零、为负时不给出数值，只说明原因。
同一指标的输入均为同一口径（合并优先于母公司）和同一币种。

| in expressions | meaning | 含义 |
|---|---|---|
| `avg(x)` | mean of `x` at this and the last period's end | 期初期末平均 |
| `prior(x)` | of balances the opening one, of flows the same period a year before | 余额取期初，发生额取上年同期 |
| `annual(x)` | a flow scaled to twelve months | 折算为全年 |
| `cagr(x)` | growth a year since the first year with statements | 自首年起的年均复合增长率 |
| `or_zero(x)` | nothing where the statement does not show `x`; a note says so | 报表未列示时按零计，并注明 |
| `either(x, y)` | `x`, or `y` where `x` is not stated; a note says so | 取 `x`，未列示时取 `y`，并注明 |
| `fact(x)` | a field of a document | 资料中的字段 |
| `days`, `months` | of the period; a year has 365 days | 期间天数、月数，全年按 365 天 |
| `inflow`, `flow_months` | money received in the bank statements, in how many calendar months | 银行流水收入及其月数 |
"""
_GROUPS: Final = {
    "liquidity": Words(en="Liquidity", zh="短期流动性"),
    "solvency": Words(en="Solvency", zh="偿债能力"),
    "profitability": Words(en="Profitability", zh="盈利能力"),
    "dupont": Words(en="DuPont", zh="杜邦分析"),
    "efficiency": Words(en="Efficiency", zh="营运能力"),
    "cash_flow": Words(en="Cash flow", zh="现金流"),
    "growth": Words(en="Growth", zh="成长性"),
    "structure": Words(en="Structure", zh="结构"),
    "cross_check": Words(en="One source against another", zh="交叉核对"),
    "risk": Words(en="Risk", zh="风险"),
}


def render() -> str:
    """Return the page in Markdown."""
    file, whole = shipped(), formulas_in_force(None)
    parts = [_HEAD]
    for group, title in _GROUPS.items():
        listed = {name: one for name, one in file.formulas.items() if one.group == group}
        if listed:
            parts.append(f"\n## {title.en} · {title.zh}\n")
            parts += [_entry(name, one) for name, one in listed.items()]
    parts.append(_altman(whole))
    parts.append(_rules())
    return "\n".join(parts)


def _entry(name: str, one: Formula) -> str:
    called = f"{one.family}.<account>" if one.family else name
    marks: list[str] = [one.unit]
    if one.at == "last":
        marks.append("last year only · 仅最近一年")
    if one.better:
        marks.append("ranked among peers · 参与同业排名")
    lines = [f"### {one.title.en} · {one.title.zh}", "", f"`{called}`, {', '.join(marks)}", ""]
    lines += [f"- {one.formula.en}", f"- {one.formula.zh}", f"- `{one.expression}`"]
    if one.over:
        lines.append("- " + ", ".join(f"`{code}`" for code in one.over))
    if one.note:
        lines.append(f"- {one.note.en} {one.note.zh}")
    return "\n".join(lines) + "\n"


def _altman(formulas: Formulas) -> str:
    altman = formulas.altman
    words = "、".join(altman.manufacturing)
    lines = [
        f"\n## {altman.title.en} · {altman.title.zh}\n",
        "`altman_z`, ratio; `altman_zone`, text; `altman_headroom`, ratio\n",
        f"Which form is used follows from the business scope; words of a manufacturer: {words}.",
        f"采用何种模型取决于经营范围；制造业关键词：{words}。\n",
    ]
    return "\n".join([*lines, _form("Z′", altman.manufacturer), _form("Z″", altman.other)])


def _form(name: str, one: Zones) -> str:
    return "\n".join(
        [
            f"### {name}",
            "",
            f"- {one.formula.en}",
            f"- {one.formula.zh}",
            f"- `{one.expression}`",
            f"- safe above {one.safe:g}, distress below {one.distress:g} · 高于 {one.safe:g} 为安全区，"
            f"低于 {one.distress:g} 为困境区",
            f"- {one.note.en} {one.note.zh}",
            "",
        ]
    )


def _rules() -> str:
    lines = ["\n## Early warnings · 预警规则\n"]
    lines.append("The thresholds are common practice; each bank sets its own in `warnings.yaml`.")
    lines.append("阈值为惯例，各行可在 `warnings.yaml` 中自行设定。\n")
    lines.append("| rule | severity | when | source |")
    lines.append("|---|---|---|---|")
    lines += [_rule(name, rule) for name, rule in shipped_rules().rules.items()]
    return "\n".join(lines) + "\n"


def _rule(name: str, rule: Rule) -> str:
    title = f"{rule.title.en} · {rule.title.zh}"
    return f"| `{name}` {title} | {rule.severity} | {_when(rule.when)} | {rule.source.en} · {rule.source.zh} |"


def _when(one: Condition) -> str:
    if one.all or one.any:
        return (" and " if one.all else " or ").join(f"({_when(below)})" for below in one.all or one.any)
    given = one.model_dump(by_alias=True, exclude_defaults=True)
    return ", ".join(f"{name}: {_listed(value)}" for name, value in given.items())


def _listed(value: object) -> str:
    if isinstance(value, tuple):
        return "/".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.stdout.write(render())
