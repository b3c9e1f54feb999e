"""The page that lists the formulas, in both languages: `python -m scenarios.advisor.figures.documentation`."""

import sys
from pathlib import Path
from typing import Final

from appliance.scenario.words import Words

from .formulas import SHIPPED, Formula, Formulas
from .making import LEAST_VALUES, PERIODS

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "advisor-figures.md"
_HEAD: Final = f"""# Figures of the advisor · 理财顾问指标

Made from `scenarios/advisor/figures/formulas.yaml`; do not edit it here.

Every figure that the assistant names comes from code, with its formula, its inputs and their sources.
助手给出的每个数字都由程序计算，并附公式、输入和数据来源。

| symbol | meaning | 含义 |
|---|---|---|
| `v_0` … `v_T` | daily values, adjusted for splits and payouts | 日净值，已按拆分与分红复权 |
| `r` | `v_t / v_(t-1) - 1`, `n` of them | 日收益率，共 `n` 个 |
| `b` | returns of the benchmark, on the days that both have | 业绩基准收益率，取共同交易日 |
| `f` | risk-free rate of one day: `(1 + annual rate)^(1 / N) - 1` | 单日无风险利率 |
| `e` | `r - f`; the benchmark's: `b - f` | 超额收益；基准为 `b - f` |
| `N` | days a year: {PERIODS} unless set otherwise | 每年交易日数，默认 {PERIODS} |
| `w` | returns in a moving window | 滚动窗口内的收益率个数 |

With fewer than {LEAST_VALUES} values there is no figure, only a note that says so. Where values hardly move (below
0.01 % a year) there are no ratios. A missing value is a gap in the days; a return then spans it.
净值少于 {LEAST_VALUES} 个时不计算，只给出说明；年化波动率低于 0.01% 时不计算比率类指标；缺失日不补值，收益率跨越缺口。

"Same as" is a call that gives the same value on the same series, to 1e-8; the tests run it as written. `rf` is the
annual risk-free rate, `eb` the benchmark's `e`. quantstats takes a constant rate below 0 as 0; here it counts.
“一致”所列为在同一序列上结果相同（误差不超过 1e-8）的调用，测试按原文执行；`rf` 为年化无风险利率，
`eb` 为基准的 `e`。quantstats 将小于 0 的固定利率按 0 处理，此处照算。
"""
_PARTS: Final = (
    ("figures", "performance", Words(en="One series", zh="单一序列"), None),
    ("figures", "rolling", Words(en="Moving windows", zh="滚动指标"), None),
    ("figures", "fund", Words(en="Funds", zh="基金诊断"), None),
    (
        "accounts",
        "account",
        Words(en="Accounts", zh="账户诊断"),
        Words(
            en="`u` units, `p` value of a unit as supplied, `x` CNY for one unit of its currency, `V` value in CNY, "
            "`w` share of `V` in the sum of `V`, `r` daily return in CNY, `R` the sum of `w r` with today's weights.",
            zh="`u` 份额，`p` 单位净值，`x` 折算人民币汇率，`V` 人民币市值，`w` 市值占比，`r` 人民币日收益率，"
            "`R` 为以当前权重计算的 `w r` 之和。",
        ),
    ),
    (
        "allocation",
        "allocation",
        Words(en="Allocation", zh="资产配置"),
        Words(
            en="`w` weights, `m` expected and `r` past returns of a day, `S` their covariance, `W` the wealth.",
            zh="`w` 权重，`m` 预期日收益率，`r` 历史日收益率，`S` 协方差矩阵，`W` 组合价值。",
        ),
    ),
)
"""Folder of a list, the kind of its formulas, the title of the section, its own symbols."""


def render() -> str:
    """Return the page in Markdown: the formulas of every part of the pack."""
    parts = [_HEAD]
    for folder, kind, title, symbols in _PARTS:
        listed = Formulas.load(SHIPPED.parent.parent / folder / SHIPPED.name).formulas
        parts.append(f"\n## {title.en} · {title.zh}\n")
        if symbols is not None:
            parts.append(f"{symbols.en}\n{symbols.zh}\n")
        parts += [_entry(name, one) for name, one in listed.items() if one.kind == kind]
    return "\n".join(parts)


def _entry(name: str, one: Formula) -> str:
    lines = [
        f"### {one.title.en} · {one.title.zh}",
        "",
        f"`{name}`, {one.unit}" + (", needs a benchmark · 需业绩基准" if one.benchmark else ""),
        "",
        f"- {one.formula.en}",
    ]
    if one.formula.zh != one.formula.en:
        lines.append(f"- {one.formula.zh}")
    lines += [f"- same as · 一致：{library} `{call}`" for library, call in one.agrees.items()]
    lines += [f"- {library}: {words.en} {words.zh}" for library, words in one.differs.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
