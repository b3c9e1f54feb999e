import re
import shutil
from pathlib import Path

import pytest
import yaml

from appliance.core.errors import ConfigError
from scenarios.reports.outlines.loading import SHIPPED, catalogue, load

PLAIN = {
    "name": "own",
    "version": "1.0",
    "title": {"en": "Report on {subject}", "zh": "{subject}报告"},
    "audience": {"en": "Officers", "zh": "客户经理"},
    "tone": {"en": "Sober", "zh": "客观"},
    "sections": [
        {
            "id": "one",
            "title": {"en": "Money", "zh": "资金"},
            "parts": [{"text": {"en": "Cash is {item:cash@last}.", "zh": "货币资金为{item:cash@last}。"}}],
        }
    ],
}


@pytest.fixture
def own(tmp_path):
    def write(change=None, name="own", text=None):
        data = yaml.safe_load(yaml.safe_dump(PLAIN))
        if change is not None:
            change(data)
        file = tmp_path / "templates" / name / "outline.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if text is not None else yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        return file

    write.folder = tmp_path
    return write


@pytest.fixture
def shipped(tmp_path_factory):
    """A pack that ships the due-diligence outline alone."""
    folder = tmp_path_factory.mktemp("pack")
    shutil.copytree(SHIPPED / "templates" / "due-diligence", folder / "templates" / "due-diligence")
    return folder


def part(data, **content):
    data["sections"][0]["parts"][0] = content


def words(data, en="Good.", zh="好。", **more):
    part(data, text={"en": en, "zh": zh, **more})


FAULTS = {
    "an unknown form of reference": (
        lambda d: words(d, "Cash {money:cash}."),
        "sections.one.parts.0.text.0.en",
        "there are",
        None,
    ),
    "an unknown account": (
        lambda d: words(d, "Cash {item:cahs@last}."),
        "sections.one.parts.0.text.0.en",
        "no account cahs",
        "cash",
    ),
    "an unknown figure": (
        lambda d: words(d, zh="流动比率为{figure:curent_ratio@last}。"),
        "text.0.zh",
        "no figure curent_ratio",
        "current_ratio",
    ),
    "an unknown figure of a family": (
        lambda d: words(d, "{figure:growth.revenues@last}"),
        "text.0.en",
        "no account revenues",
        "revenue",
    ),
    "an unknown field": (lambda d: words(d, "{fact:auditors}"), "text.0.en", "no field auditors", "auditor"),
    "an unknown period": (lambda d: words(d, "{item:cash@later}"), "text.0.en", "later is no period", None),
    "a number in its own words": (
        lambda d: words(d, "Cash is low, below 500 yuan."),
        "text.0.en",
        "the number 500",
        "in braces",
    ),
    "a Chinese number in its own words": (lambda d: words(d, zh="近三年增长。"), "text.0.zh", "the number 三", None),
    "an English number word": (lambda d: words(d, "It has three owners."), "text.0.en", "the number three", None),
    "a number in a caption": (
        lambda d: part(d, table={"items": ["cash"], "caption": {"en": "Top 10", "zh": "前列"}}),
        "table.caption.en",
        "10",
        None,
    ),
    "a missing language": (
        lambda d: part(d, text={"en": "Only English."}),
        "sections.one: parts.0.text.0.zh",
        "it is missing",
        None,
    ),
    "a missing language of a title": (lambda d: d["title"].pop("zh"), "title.zh", "it is missing", None),
    "an unknown part": (lambda d: part(d, grafic={"items": ["cash"]}), "parts.0.grafic", "no such field", None),
    "two contents in one part": (
        lambda d: part(d, text={"en": "A.", "zh": "甲。"}, opinion={"en": "B.", "zh": "乙。"}),
        "parts.0",
        "one of text",
        None,
    ),
    "a table of nothing": (
        lambda d: part(d, table={"caption": {"en": "A", "zh": "甲"}}),
        "table",
        "one of items",
        None,
    ),
    "an unknown account of a table": (
        lambda d: part(d, table={"items": ["cassh"], "caption": {"en": "A", "zh": "甲"}}),
        "parts.0",
        "no account cassh",
        "cash",
    ),
    "an unknown field of a section": (
        lambda d: d["sections"][0].update(partz=[]),
        "sections.one: partz",
        "no such field",
        "parts",
    ),
    "an unknown kind of paper": (
        lambda d: d["sections"][0].update(needs=["statemets"]),
        "sections.one.needs",
        "no kind of document",
        "statements",
    ),
    "an id given twice": (
        lambda d: d["sections"].append(d["sections"][0]),
        "sections.one",
        "two sections have this id",
        "own",
    ),
    "an open brace": (lambda d: words(d, "Cash {item:cash."), "text.0.en", "a brace is not closed", None),
    "a condition without a source": (lambda d: words(d, when={"above": 1.0}), "text.0.when", "names one of", None),
    "a condition of an unknown figure": (
        lambda d: words(d, when={"figure": "quick_ration@last", "below": 1.0}),
        "parts.0.when",
        "no figure",
        "quick_ratio",
    ),
    "moved without a comparison": (lambda d: words(d, "It {moved}."), "parts.0", "needs `compare`", None),
    "an opinion on nothing known": (
        lambda d: part(d, opinion={"en": "A.", "zh": "甲。", "rests_on": ["feeling"]}),
        "opinion.rests_on",
        "feeling",
        None,
    ),
    "another name than its folder": (lambda d: d.update(name="other"), "name", "its folder is own", "one name"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_the_file_the_entry_and_the_fix(own, fault):
    change, entry, reason, hint = FAULTS[fault]
    file = own(change)
    with pytest.raises(ConfigError) as error:
        load(file, own.folder)
    text = error.value.render("en")
    assert str(file) in text
    assert entry in text
    assert reason in text
    assert hint is None or hint in text


def test_numbers_may_stand_in_references_and_in_literal_texts(own):
    def change(data):
        data["literal"] = ["一年内", "Article 27"]
        words(
            data,
            "By Article 27, cash of {item:cash@last-2} is short-term.",
            "一年内的货币资金为{item:cash@2023-12-31}。",
        )

    assert load(own(change), own.folder).literal == ("一年内", "Article 27")


def test_shipped_outlines_can_be_used_and_are_named_as_their_folders():
    found = catalogue()
    assert "due-diligence" in found
    assert not found.faults
    assert all(found[name].name == name for name in found)


def test_the_banks_own_outline_goes_before_ours_and_is_read_again_when_it_changes(own, shipped):
    source = SHIPPED / "templates" / "due-diligence" / "outline.yaml"
    text = source.read_text(encoding="utf-8")
    target = own.folder / "templates" / "due-diligence" / "outline.yaml"
    target.parent.mkdir(parents=True)
    shutil.copy(source, target)
    target.write_text(re.sub(r'version: "1.0"', 'version: "bank-1"', text, count=1), encoding="utf-8")
    assert catalogue(shipped, own.folder)["due-diligence"].version == "bank-1"
    target.write_text(re.sub(r'version: "1.0"', 'version: "bank-22"', text, count=1), encoding="utf-8")
    assert catalogue(shipped, own.folder)["due-diligence"].version == "bank-22"
    target.unlink()
    assert catalogue(shipped, own.folder)["due-diligence"].version == "1.0"


def test_a_faulty_outline_of_the_bank_hides_ours_and_leaves_the_others_usable(own, shipped):
    own(lambda data: data.update(name="due-diligence") or words(data, "{nothing}"), name="due-diligence")
    own()
    found = catalogue(shipped, own.folder)
    assert "due-diligence" not in found
    assert "own" in found
    with pytest.raises(ConfigError, match="due-diligence"):
        found["due-diligence"]
    assert list(found.faults) == ["due-diligence"]


def test_names_of_the_banks_own_yaml_files_are_known(own, shipped):
    file = own(lambda data: words(data, "{item:gold_bars@last}", "{item:gold_bars@last}"))
    with pytest.raises(ConfigError, match="gold_bars"):
        load(file, own.folder)
    accounts = own.folder / "accounts.yaml"
    accounts.write_text(
        "accounts:\n  gold_bars: {statement: balance, title: {en: Gold, zh: 黄金}, names: [黄金]}\n", encoding="utf-8"
    )
    assert load(file, own.folder).name == "own"
    assert "own" in catalogue(shipped, own.folder)


def test_a_text_that_is_no_yaml_names_its_line(own):
    with pytest.raises(ConfigError, match=r"3:1: it is not YAML"):
        load(own(text="name: own\nversion: [1\n"), Path(own.folder))
