import pytest

from tests.unit.scenario.reports.building import YEARS, Folder, whole_folder
from tests.unit.scenario.reports.writing.reported import sentences, texts, whole_report, written


def line(en, zh="甲。", **more):
    return {"text": {"en": en, "zh": zh, **more}}


GROWTH = line(
    "Revenue {moved} by {figure:growth.revenue@last|size} to {item:revenue@last}.",
    "营业收入{moved}{figure:growth.revenue@last|size}，为{item:revenue@last}。",
    compare={"of": "figure:growth.revenue@last"},
    same={"en": "Revenue was unchanged at {item:revenue@last}.", "zh": "营业收入与上年持平，为{item:revenue@last}。"},
    **{"else": "gap"},
)


def test_a_sentence_holds_values_as_they_are_shown_and_where_they_stand(outline):
    blocks = written(
        outline(line("Assets are {item:total_assets@last}; the ratio is {figure:current_ratio@last}.")),
        whole_folder("en"),
    )
    (sentence,) = sentences(blocks)
    assert sentence.text == "Assets are CNY 102.80 million; the ratio is 1.33."
    assert sentence.kind == "figure"
    assert sentence.figures == ("current_ratio@2025-12-31",)
    assert {place.cell for place in sentence.places} >= {"C10", "C6", "C15"}
    assert sentence.id == "one.1.1"


def test_a_trend_chooses_its_words_by_code(outline):
    plan = outline(GROWTH)
    for language, revenue, wanted in (
        ("en", 120e6, "Revenue rose by 23.71% to CNY 120.00 million."),
        ("en", 90e6, "Revenue fell by 7.22% to CNY 90.00 million."),
        ("en", 97e6, "Revenue was unchanged at CNY 97.00 million."),
        ("zh_CN", 90e6, "营业收入下降7.22%，为9,000.00万元。"),
        ("zh_CN", 97.001e6, "营业收入与上年持平，为9,700.10万元。"),
        ("zh_CN", 97.1e6, "营业收入上升0.10%，为9,710.00万元。"),
    ):
        assert texts(written(plan, Folder(language).statements(revenue=revenue))) == [wanted]


def test_what_is_missing_is_said_once_in_the_reports_own_words(outline):
    plan = outline(GROWTH, GROWTH, line("Cash is {item:cash@last}.", "货币资金为{item:cash@last}。"))
    found = sentences(written(plan, Folder("zh_CN").statements(revenue=None)))
    assert [one.kind for one in found] == ["gap", "fact"]
    assert "营业收入" in found[0].text
    assert "未" in found[0].text
    assert "gap:item:revenue@2025-12-31" in found[0].rests_on
    assert not any(char.isdigit() for char in found[0].text.replace("2025", ""))


def test_a_missing_value_leaves_its_sentence_out_or_takes_the_other(outline):
    plan = outline(
        line("Goodwill is {item:goodwill@last}."),
        line("Notes are {item:notes_payable@last}.", **{"else": {"en": "Cash is {item:cash@last}.", "zh": "乙。"}}),
    )
    assert texts(written(plan, whole_folder("en"))) == ["Cash is CNY 6.40 million."]


def test_a_contradiction_without_a_decision_is_never_decided_by_the_report(outline):
    plan = outline(line("The capital is {fact:registered_capital}.", **{"else": "gap"}))
    assert texts(written(plan, Folder("en").company().contradiction(used=0))) == ["The capital is CNY 20.00 million."]
    (sentence,) = sentences(written(plan, Folder("en").company().contradiction(used=None)))
    assert sentence.kind == "conflict"
    assert "disagree" in sentence.text
    assert len(sentence.places) == 2
    assert "20.00" not in sentence.text


def test_what_was_read_unsurely_is_not_used(outline):
    plan = outline(line("The auditor is {fact:auditor}.", **{"else": "gap"}))
    folder = Folder("en").fact("audit_report", "auditor", "Sample Auditors", confidence=0.5)
    assert "Sample Auditors" not in texts(written(plan, folder))[0]


def test_a_missing_paper_is_said_by_its_section(outline):
    plan = outline(line("Good."), needs=["audit_report", "licence|articles"])
    found = sentences(written(plan, Folder("zh_CN", kinds=["articles"])))
    assert found[0].kind == "gap"
    assert "审计报告" in found[0].text
    assert len(found) == 2
    assert len(sentences(written(plan, Folder("zh_CN", kinds=["audit_report", "licence"])))) == 1


def test_a_section_on_which_nothing_is_known_says_so(outline):
    plan = outline({"table": {"items": ["cash"], "caption": {"en": "A", "zh": "甲"}}})
    (sentence,) = sentences(written(plan, Folder("en")))
    assert sentence.kind == "gap"


CONDITIONS = (
    ({"figure": "current_ratio@last", "below": 1.5}, True),
    ({"figure": "current_ratio@last", "below": 1.0}, False),
    ({"figure": "current_ratio@last", "at_least": 1.0}, True),
    ({"item": "net_profit@last", "below": "item:net_profit@prior"}, True),
    ({"item": "net_profit@last", "above": "item:net_profit@prior"}, False),
    ({"item": "goodwill@last", "above": 0}, False),
    ({"item": "goodwill@last", "missing": True}, True),
    ({"item": "goodwill@last"}, False),
    ({"fact": "auditor"}, True),
    ({"fact": "auditor", "contains": "样例"}, True),
    ({"fact": "auditor", "equals": "样例"}, False),
    ({"fact": "overdue_amount", "at_most": 0}, True),
    ({"kind": "licence|articles"}, True),
    ({"kind": "valuation", "missing": True}, True),
    ({"count": "case", "above": 1}, True),
    ({"count": "case", "above": 2}, False),
    ({"count": "collateral", "equals": 1}, True),
    ({"findings": "payments", "severity": ["warning"]}, True),
    ({"findings": "payments", "severity": ["serious"]}, False),
    ({"findings": "all", "rule": "nothing_of_it"}, False),
    ({"period": "last-2"}, True),
    ({"period": "last-3"}, False),
    ({"all": [{"fact": "auditor"}, {"period": "last-3"}]}, False),
    ({"any": [{"fact": "auditor"}, {"period": "last-3"}]}, True),
    ({"none": [{"fact": "auditor"}]}, False),
)


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_conditions(outline, condition, holds):
    plan = outline(line("It holds.", when=condition), line("Always."))
    assert texts(written(plan, whole_folder("en"))) == (["It holds."] if holds else []) + ["Always."]


def test_a_sentence_rests_on_what_its_condition_looked_at(outline):
    plan = outline(line("Liquidity is tight.", when={"figure": "current_ratio@last", "below": 2.0}))
    (sentence,) = sentences(written(plan, whole_folder("en")))
    assert sentence.figures == ("current_ratio@2025-12-31",)
    assert sentence.places


def test_an_opinion_is_marked_rests_on_sources_and_falls_with_them(outline):
    plan = outline(
        line("The ratio is {figure:current_ratio@last}."),
        {"opinion": {"en": "It is low.", "zh": "偏低。", "rests_on": ["figure:current_ratio@last"]}},
        {"opinion": {"en": "As said above.", "zh": "如上。"}},
        {"opinion": {"en": "Goodwill matters.", "zh": "商誉。", "rests_on": ["item:goodwill@last"]}},
    )
    blocks = written(plan, whole_folder("en"))
    assert [block.style for block in blocks] == ["text", "opinion", "opinion"]
    assert [one.kind for one in sentences(blocks)] == ["figure", "opinion", "opinion"]
    assert sentences(blocks)[2].rests_on == ("one.1.1",)


def test_entries_of_a_group_are_told_with_their_own_values(outline):
    plan = outline(
        {
            "each": {
                "group": "case",
                "text": {"en": "{fact:case_number}: {fact:case_amount}.", "zh": "甲。"},
                "none": {"en": "None is listed.", "zh": "无。"},
            }
        }
    )
    found = sentences(written(plan, whole_folder("en")))
    assert [one.text for one in found] == [
        "（2025）沪0115民初1201号: CNY 650,000.00.",
        "（2025）沪0115民初1202号: CNY 1.30 million.",
    ]
    assert found[0].id == "one.1.1.1"
    assert texts(written(plan, Folder("en").statements())) == ["None is listed."]


def test_lists_series_counts_and_names_read_as_prose(outline):
    plan = outline(
        line(
            "{count:case} {plural:case:case/cases}; {count:collateral} {plural:collateral:pledge/pledges};"
            " owners {list:shareholder:shareholder_name};"
            " over {periods} it was {series:item:net_profit}; {title:item:revenue}; {period:flows}.",
        )
    )
    assert texts(written(plan, whole_folder("en"))) == [
        "2 cases; 1 pledge; owners 林样本 and 示例投资有限公司; over 2023, 2024 and 2025 it was CNY 4.80 million, "
        "CNY 4.60 million and CNY 2.70 million; Revenue; 2025-01-11 to 2025-12-12."
    ]


def test_quotations_stand_word_for_word_with_their_source(outline):
    plan = outline({"quotes": {"facts": ["site_visit_note"]}})
    (sentence,) = sentences(written(plan, whole_folder("zh_CN")))
    assert sentence.kind == "quotation"
    assert "现场看到3条生产线，其中1条停机检修。" in sentence.text
    assert sentence.places[0].name == "site_visit.pdf"


def test_findings_come_with_their_figures_the_most_serious_first(due_diligence):
    report = whole_report(due_diligence, whole_folder("en"))
    (section,) = [one for one in report.sections if one.id == "warnings"]
    found = sentences(section.blocks)
    order = {"statements_do_not_tie": 0, "profit_without_cash": 0}
    assert found
    assert all(one.kind == "finding" and one.rests_on for one in found)
    assert found[0].rests_on[0].removeprefix("finding:") in order


def test_the_same_dossier_gives_the_same_report_with_ids_given_once(due_diligence):
    one, two = (whole_report(due_diligence, whole_folder("zh_CN")) for _ in range(2))
    assert one == two
    ids = [sentence.id for section in one.sections for sentence in sentences(section.blocks)]
    assert len(ids) == len(set(ids))
    blocks = [block for section in one.sections for block in section.blocks]
    tables = [block.table.id for block in blocks if block.type == "table"]
    assert len(tables) == len(set(tables))


def test_ids_stay_when_another_sentence_falls_out(due_diligence):
    def by_id(folder):
        report = whole_report(due_diligence, folder)
        return {one.id: one.text for section in report.sections for one in sentences(section.blocks)}

    whole, less = by_id(whole_folder("zh_CN")), by_id(Folder("zh_CN").statements(inventories=None).company())
    same = [name for name in whole if name in less and whole[name] == less[name]]
    assert len(same) > 40
    assert whole["liabilities.1.1"] == less["liabilities.1.1"]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_negative_equity_and_a_loss_are_said_as_such(due_diligence, language):
    folder = Folder(language).statements(
        total_equity=-5e6, total_liabilities=107.8e6, net_profit=-3e6, retained_earnings=-27e6
    )
    report = whole_report(due_diligence, folder)
    said = " ".join(one.text for section in report.sections for one in sentences(section.blocks))
    assert ("Equity is negative" if language == "en" else "所有者权益为负") in said
    assert ("net loss of CNY 3.00 million" if language == "en" else "净亏损300.00万元") in said


def test_one_year_alone_says_nothing_about_changes(due_diligence):
    report = whole_report(due_diligence, Folder("en").statements(years=YEARS[-1:]).company())
    said = " ".join(one.text for section in report.sections for one in sentences(section.blocks))
    assert " rose " not in said
    assert "In 2025, revenue was CNY 104.00 million." in said


def test_an_empty_folder_gives_a_report_that_says_what_is_missing(due_diligence):
    report = whole_report(due_diligence, Folder("en", kinds=[]))
    found = [one for section in report.sections for one in sentences(section.blocks)]
    assert not [one for one in found if one.places]
    assert len([one for one in report.gaps if one.required]) == 7
    assert "bank statement" in " ".join(one.text for one in found)
