import re

import pytest

from appliance.core.errors import ConfigError
from appliance.core.messages import speaking
from scenarios.reports.analysis.analysing import analyse
from scenarios.reports.analysis.rules import references, shipped
from scenarios.reports.analysis.warning import soft_checks
from scenarios.reports.models import Check

from .made import BALANCED, dossier, fact, items, of_company, place

RULE = """
rules:
  mine:
    severity: warning
    title: {{en: Mine, zh: 自定}}
    source: {{en: Own policy, zh: 本行政策}}
    when: {when}
    text: {{en: "{text}", zh: "{text}"}}
"""


def rules_of(found, own=None, **fields):
    return {one.rule: one for one in analyse(dossier(found, **fields), own).findings}


def own_rule(folder, when, text="x"):
    (folder / "warnings.yaml").write_text(RULE.format(when=when, text=text), encoding="utf-8")
    return folder


def refused(folder, when, text="x"):
    with pytest.raises(ConfigError) as raised, speaking("en"):
        rules_of(items(BALANCED), own_rule(folder, when, text))
    with speaking("en"):
        return f"{raised.value} {raised.value.hint}"


def test_a_sound_company_has_no_warning():
    assert rules_of(items(BALANCED)) == {}


def test_negative_equity_and_repeated_losses_are_serious_and_come_first():
    ill = items(
        BALANCED
        | {
            "total_equity": (-9.0, 5.0, 9.0),
            "net_profit": (-8.0, -7.0, 3.0),
            "total_current_liabilities": (400.0, 300.0, 160.0),
        }
    )
    found = analyse(dossier(ill), None).findings
    assert [one.rule for one in found][:2] == ["negative_equity", "loss_repeated"]
    assert [one.severity for one in found] == sorted(
        (one.severity for one in found), key=["serious", "warning", "info"].index
    )
    assert "current_ratio_low" in {one.rule for one in found}


def test_a_finding_rests_on_figures_places_and_the_threshold_as_a_figure():
    analysis = analyse(dossier(items(BALANCED | {"total_current_liabilities": (400.0, 180.0, 160.0)}), "zh_CN"), None)
    finding = next(one for one in analysis.findings if one.rule == "current_ratio_low")
    assert finding.text == "2025年，流动比率为0.80，低于1.00，流动负债超过流动资产。"
    limit = analysis.figure("warning_limit.current_ratio_low@2025-12-31")
    assert (limit.value, limit.shown) == (1.0, "1.00")
    assert "请与本行政策核对" in limit.note
    assert set(finding.figures) == {limit.id, "current_ratio@2025-12-31"}
    assert len(finding.places) == 2


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("number", range(20))
def test_every_number_of_a_finding_is_that_of_a_figure_or_an_item(number, language):
    one = of_company(number, language)
    analysis = analyse(one, None)
    for finding in analysis.findings:
        shown = " ".join(analysis.figure(figure).shown for figure in finding.figures)
        assert all(analysis.figure(figure) is not None for figure in finding.figures)
        assert finding.figures or finding.places
        text = re.sub(r"\b20\d\d", "", finding.text)
        for written in re.findall(r"\d[\d,.]*\d|\d", text):
            in_figure = written in shown
            assert in_figure or any(place in {item.place for item in one.items} for place in finding.places), (
                finding.text
            )


def test_a_clean_opinion_is_no_warning_and_a_qualified_one_is():
    for opinion, expected in (
        ("标准无保留意见", False), ("unqualified opinion", False), ("保留意见", True), ("qualified opinion", True),
        ("带强调事项段的无保留意见", True), ("无法表示意见", True), ("adverse opinion", True),
    ):  # fmt: skip
        found = rules_of(items(BALANCED), facts=(fact("audit_opinion", None, unit="", value=opinion),))
        assert ("audit_opinion_qualified" in found) is expected, opinion


def check(name, **fields):
    given = {"title": name, "period": "2025-12-31", "scope": "unknown", "left": 1.0, "right": 2.0, "difference": 1.0}
    return Check(name=name, holds=False, tolerance=0.1, places=(place(3),), **given | fields)


def test_a_failed_check_of_the_statements_is_serious_and_named():
    found = rules_of(items(BALANCED), checks=(check("balance_sheet", title="Assets equal the other side"),))
    assert found["statements_do_not_tie"].severity == "serious"
    assert "Assets equal the other side" in found["statements_do_not_tie"].text
    assert found["statements_do_not_tie"].places == (place(3),)


def test_a_check_that_is_for_information_is_no_warning():
    assert "retained_earnings" in soft_checks()
    assert rules_of(items(BALANCED), checks=(check("retained_earnings"),)) == {}


def test_overdue_amounts_need_no_statements():
    found = rules_of([], facts=(fact("overdue_amount", 5000.0),))
    assert "5,000" in found["overdue"].text
    assert rules_of([], facts=(fact("overdue_amount", 0.0),)) == {}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("{figure: current_ratio, above: 1.5}", True), ("{figure: current_ratio, below: 1.5}", False),
        ("{figure: current_ratio, at_least: 1.6}", True), ("{item: revenue, rises: true, for: 2}", True),
        ("{item: revenue, rises: true, for: 3}", False), ("{item: revenue, rises_by: 0.12}", True),
        ("{item: revenue, rises_by: 0.13}", False), ("{item: revenue, falls: true}", False),
        ("{all: [{figure: roe, above: 0}, {item: cash, above: 99}]}", True),
        ("{all: [{figure: roe, above: 0}, {item: cash, above: 101}]}", False),
        ("{any: [{figure: roe, below: 0}, {item: cash, above: 99}]}", True),
        ("{figure: growth.accounts_receivable, above_figure: growth.revenue, by: 0.07}", True),
        ("{figure: growth.accounts_receivable, above_figure: growth.revenue, by: 0.08}", False),
        ("{figure: growth.revenue, below_figure: growth.accounts_receivable}", True),
        ("{item: goodwill, below: 1}", False), ("{figure: bank_inflow_to_revenue, below: 1}", False),
        ("{figure: current_ratio, above: 1.5, for: 4}", False), ("{figure: current_ratio, above: 1.5, for: 3}", True),
    ],
)  # fmt: skip
def test_a_rule_of_the_bank_holds_exactly_when_its_tests_do(tmp_path, when, holds):
    assert ("mine" in rules_of(items(BALANCED), own_rule(tmp_path, when))) is holds


def test_a_fall_from_a_loss_has_no_share(tmp_path):
    own = own_rule(tmp_path, "{item: net_profit, falls_by: 0.1}")
    assert "mine" not in rules_of(items(BALANCED | {"net_profit": (-9.0, -5.0, 1.0)}), own)


def test_a_missing_value_fulfils_no_test(tmp_path):
    own = own_rule(tmp_path, "{figure: roe, below: 100}".replace("100", "9"))
    assert "mine" not in rules_of(items(BALANCED | {"total_equity": (-9.0, 5.0, 9.0)}), own)


def test_years_that_do_not_follow_each_other_are_not_compared(tmp_path):
    own = own_rule(tmp_path, "{item: revenue, rises: true}")
    found = [one for one in items(BALANCED) if one.period != "2024-12-31"]
    assert "mine" not in rules_of(found, own)


def test_the_bank_leaves_shipped_rules_out(tmp_path):
    ill = items(BALANCED | {"net_profit": (-8.0, 7.0, 3.0)})
    assert "loss" in rules_of(ill)
    (tmp_path / "warnings.yaml").write_text("without: [loss]", encoding="utf-8")
    assert "loss" not in rules_of(ill, tmp_path)


@pytest.mark.parametrize(
    ("when", "text", "said"),
    [
        ("{figure: curent_ratio, below: 1}", "x", ("rules.mine.when", "curent_ratio", "current_ratio")),
        ("{item: revenu, below: 1}", "x", ("rules.mine.when", "revenu", "revenue")),
        ("{fact: auditr, contains: [a]}", "x", ("rules.mine.when", "auditr", "auditor")),
        ("{figure: current_ratio, below: 1, above: 2}", "x", ("rules.mine.when", "never hold", "below: 1")),
        ("{figure: current_ratio, at_most: 1, above: 1}", "x", ("never hold",)),
        ("{all: [{item: cash, below: 1}, {item: cash, above: 2}]}", "x", ("rules.mine.when.all", "never hold")),
        ("{figure: debt_to_assets, above: 70}", "x", ("debt_to_assets", "0.7")),
        ("{figure: roe, falls: true, rises: true}", "x", ("never hold",)),
        ("{figure: roe, falls_by: -0.3}", "x", ("falls_by",)),
        ("{figure: roe}", "x", ("no test",)),
        ("{below: 1}", "x", ("names one of",)),
        ("{fact: overdue_amount, above: 0, for: 2}", "x", ("one day",)),
        ("{figure: requested_to_net_assets, above: 1, for: 2}", "x", ("last year only",)),
        ("{figure: roe, lower: 1}", "x", ("lower", "no such field")),
        ("{figure: roe, below: 1, for: 9}", "x", ("for",)),
        ("{checks: failed}", "{limit}", ("threshold",)),
        ("{figure: roe, below: 1}", "roe below 5", ("rules.mine.text", "numbers of its own")),
        ("{figure: roe, below: 1}", "{figure:ro@last}", ("rules.mine.text", "no figure ro")),
        ("{figure: roe, below: 1}", "{roe}", ("no reference",)),
        ("{figure: roe, below: 1}", "{figure:roe@next}", ("no reference",)),
        ("{figure: roe, below: 1}", "{figure:roe", ("no partner",)),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_with_entry_and_fix(tmp_path, when, text, said):
    message = refused(tmp_path, when, text)
    assert "warnings.yaml" in message
    for part in said:
        assert part in message


def test_an_unknown_rule_left_out_is_refused(tmp_path):
    (tmp_path / "warnings.yaml").write_text("without: [los]", encoding="utf-8")
    with pytest.raises(ConfigError) as raised, speaking("en"):
        rules_of(items(BALANCED), tmp_path)
    with speaking("en"):
        assert "loss" in str(raised.value.hint)


def test_both_languages_of_a_shipped_text_name_the_same_values():
    for name, rule in shipped().rules.items():
        sides = [sorted(map(str, references(text))) for text in (rule.text.en, rule.text.zh)]
        assert [one for one in sides[0] if "limit" not in one] == [one for one in sides[1] if "limit" not in one], name
