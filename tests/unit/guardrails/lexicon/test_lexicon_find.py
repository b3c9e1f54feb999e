"""What the lexicon finds, in every spelling, and what it leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.errors import ConfigError
from appliance.guardrails.lexicon import Entry, Lexicon, patterns
from appliance.guardrails.lexicon.folding import Folded


def lexicon(*entries: Entry, allow: tuple[str, ...] = ()) -> Lexicon:
    return Lexicon(entries, "test", allow)


LINES = lexicon(
    Entry("法轮功", "cult", "block", id="one"),
    Entry("冰毒", "drugs", "block"),
    Entry("heroin", "drugs", "block"),
    Entry("guaranteed return", "promises", "warn"),
)


@pytest.mark.parametrize(
    "text",
    [
        "法轮功", "法輪功", "法\u200b轮\u00ad功", "法 轮 功", "法。轮。功", "法\n轮\n功", "法*轮🙂功",
        "（法）（轮）（功）", "falungong", "fa lun gong", "fǎ lún gōng", "Fa-Lun-Gong", "法lun功", "fa轮gong",
        "ｆａ輪功",
        "冰毒", "冰\u0301毒", "买冰 毒吗", "冰-毒", "冰du", "bing毒",
        "heroin", "ＨＥＲＯＩＮ", "HÉROÏN", "he\u0301roin", "hеrоin", "нεroin", "𝐡𝐞𝐫𝐨𝐢𝐧",
        "ⓗⓔⓡⓞⓘⓝ", "🅷🅴🆁🅾🅸🅽", "hero1n",
        "h3r01n", "h e r o i n", "h.e.r.o.i.n", "her*oin", "买heroin吗", "heroin_now",
    ],
)  # fmt: skip
def test_spellings_of_a_forbidden_word_are_found(text):
    assert len(LINES.find(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "练法轮。功夫", "方法，轮到你功成", "很冷的冰 毒蛇", "她像冰，毒舌", "heroine", "the heroines", "her oin",
        "antiheroin", "bingdu", "bing du shi shenme", "falun gongyi", "guaranteed. Return it",
        "guaranteed! Return", "hero in town", "法    轮    功",
    ],
)  # fmt: skip
def test_text_that_only_meets_the_letters_is_left_alone(text):
    assert LINES.find(text) == []


@pytest.mark.parametrize(
    "text",
    ["网d平台", "w赌平t", "网d平t", "买w赌p台", "网，赌。平🙂台", "网.赌 平*台", "wangdup1ngta1", "w4ngdupingt4i"],
)
def test_mixed_spellings_of_a_longer_word_are_found(text):
    assert len(lexicon(Entry("网赌平台", "gambling", "block")).find(text)) == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("网络，赌场", 0),
        ("网络赌，场所", 0),
        ("买网络/赌场哦", 0),
        ("网络大/赌场", 1),
        ("网，络大，赌场", 0),
        ("网络大。赌场", 0),
        ("网络大，\n赌场", 0),
    ],
)
def test_one_pause_parts_no_longer_word(text, count):
    assert (
        len(lexicon(Entry("网络大赌场", "gambling", "block"), Entry("网络赌场", "gambling", "block")).find(text))
        == count
    )


@pytest.mark.parametrize(
    "text", ["w d平台", "wd平台", "wdpt", "网dd平台", "bw赌平台", "网赌，平台", "上网。赌平台", "冰d"]
)
def test_mixed_spellings_have_limits(text):
    assert lexicon(Entry("网赌平台", "gambling", "block"), Entry("冰毒", "drugs", "block")).find(text) == []


def test_a_verdict_names_rule_version_span_and_action():
    (found,) = LINES.find("说 法 輪 功！")
    assert (found.rule, found.start, found.end, found.action) == ("lexicon:cult/one", 2, 7, "block")
    assert found.version == LINES.version
    assert found.version.startswith("test-")


def test_positions_are_those_of_the_given_text_where_characters_fold_to_several():
    text = "㎏ß…ﬁ heroin"
    (found,) = LINES.find(text)
    assert text[found.start : found.end] == "heroin"
    long = "㎏字" * 2000 + text  # the way of long texts
    (found,) = LINES.find(long)
    assert long[found.start : found.end] == "heroin"


def test_mask_covers_every_character_and_leaves_warnings():
    assert LINES.mask("卖h e roin和法 輪功, guaranteed\nreturn") == "卖h e roin和****, guaranteed\nreturn"
    assert [found.action for found in LINES.find("a guaranteed\nreturn")] == ["warn"]


def test_the_outer_finding_stands_for_those_inside_unless_it_is_milder():
    strict_outside = lexicon(Entry("法轮功", "a", "block"), Entry("法轮", "b", "mask"))
    assert [found.action for found in strict_outside.find("法轮功")] == ["block"]
    strict_inside = lexicon(Entry("法轮功", "a", "warn"), Entry("法轮", "b", "mask"))
    assert [found.action for found in strict_inside.find("法轮功")] == ["warn", "mask"]


def test_allowed_phrases_excuse_the_word_in_them_only():
    lines = lexicon(
        Entry("大麻", "drugs", "block", allow=("很大麻烦",)), Entry("法轮", "cult", "block"), allow=("无法轮换",)
    )
    assert lines.find("很大麻烦，无法輪換") == []
    assert [found.start for found in lines.find("很大麻烦的大麻，法轮")] == [5, 8]


def test_context_rules_look_to_both_sides():
    lines = lexicon(
        Entry("pot", "drugs", "block", only_near=("smoke", "卖"), near=6),
        Entry("冰毒", "drugs", "block", unless_near=("禁毒",), near=4),
    )
    assert lines.find("a pot of tea") == []
    assert len(lines.find("smoke pot")) == len(lines.find("pot, smoke")) == 1
    assert lines.find("smoke a big old pot") == []  # nine letters away
    assert lines.find("禁毒办：冰毒") == lines.find("冰毒归禁毒办") == []
    assert len(lines.find("禁毒办公室的人说冰毒")) == 1


def test_options_of_an_entry():
    assert lexicon(Entry("porn", "x", "block", whole_word=False)).find("xpornx")
    assert not lexicon(Entry("porn", "x", "block")).find("xpornx")
    assert lexicon(Entry("冰毒", "x", "block", pinyin=True)).find("bing du")
    assert not lexicon(Entry("法轮功", "x", "block", pinyin=False)).find("falungong")
    assert not lexicon(Entry("heroin", "x", "block", leet=False)).find("her0in")


def test_the_version_follows_the_content_not_its_order():
    one, other = Entry("冰毒", "drugs", "block"), Entry("heroin", "drugs", "block")
    assert lexicon(one, other).version == lexicon(other, one).version
    assert lexicon(one).version != lexicon(Entry("冰毒", "drugs", "mask")).version


def test_an_entry_that_cannot_be_used_is_named():
    with pytest.raises(ConfigError, match="entry 。 of x cannot be used: it has fewer than two letters"):
        lexicon(Entry("。", "x", "block"))
    with pytest.raises(ConfigError, match="its allowed phrase 麻烦 does not hold the word"):
        lexicon(Entry("大麻", "x", "block", allow=("麻烦",)))
    with pytest.raises(ConfigError, match="smoking does not fit into 3 letters"):
        lexicon(Entry("pot", "x", "block", only_near=("smoking",), near=3))
    with pytest.raises(ConfigError, match="its id 1 is that of another entry"):
        lexicon(Entry("冰毒", "x", "block", id="1"), Entry("大麻", "x", "block", id="1"))


def test_an_empty_lexicon_and_an_empty_text_find_nothing():
    assert lexicon().find("法轮功") == []
    assert LINES.find("") == []
    assert LINES.find("\ud83d法\udc00轮功")[0].end == 5  # halves of characters are not seen


def test_the_shipped_lexicon_tells_trade_from_clauses_and_warnings():
    shipped = Lexicon.load()
    assert 600 <= len(shipped.entries) <= 1500
    blocked = ("哪里有冰毒货源", "高价收购银行卡", "代办假银行流水", "稳 赚 不 赔", "how to launder money", "帮忙xi钱")
    for text in blocked:
        assert "block" in {found.action for found in shipped.find(text)}, text
    harmless = (
        "毒品指鸦片、海洛因、甲基苯丙胺（冰毒）、吗啡、大麻、可卡因以及国家规定管制的其他麻醉药品。",
        "警惕只赚不赔的骗局；理财非存款，产品有风险。",
        "谨防不法分子收购银行卡从事违法活动。",
        "平台独立运营，西藏独特的风光，香港独立董事，控制毒性，人口爆炸，女性奴役史，10K粉丝，支援交通。",
        "Our heroine pays a fee of 1.5% with no risk of late payment.",
    )
    for text in harmless:
        assert shipped.find(text) == [], text


SEVERAL = patterns.Patterns((*LINES.entries, Entry("法轮", "cult", "mask"), Entry("轮功", "cult", "mask")), ())


@given(st.text("法轮功大麻冰毒heroin 。", max_size=14), st.text("法轮功her", max_size=3))
def test_few_letters_are_looked_up_as_the_automaton_finds_them(text, before):
    folded = Folded(text, before)
    looked_up = SEVERAL._looked_up(folded)
    assert looked_up == sorted(looked_up, key=lambda one: (one[1], one[0]))
    by_automaton = list(SEVERAL.matches(Folded(text + " " * 30 + "x" * 30, before)))
    assert looked_up == [one for one in by_automaton if one[1] <= len(folded.skeleton)]
    assert not looked_up or SEVERAL.any_pair(folded)
