import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.config.site import GuardrailSettings
from appliance.guardrails.chain import Chain

OWN, FOREIGN = "13800138000", "13912345678"
ID_NUMBER = "110101199003078515"
WORDS = """
version: "1"
groups:
  - {category: test, tier: block, words: [法轮功, heroin, {word: 拨打13800138000, whole_word: false}]}
  - {category: test, tier: mask, words: [蠢货, 笨蛋]}
"""
PARTS = [
    "法轮功",
    "法 轮 功",
    " her\u200boin ",
    "你这蠢货",
    "笨-蛋",
    f"，电话{FOREIGN}。",
    f"，身份证号{ID_NUMBER}，",
    f"，电话{OWN}。",
    "请打<手机号1>。",
    "<手机号",
    "<手机号9>",
    "拨打<手机号1>",
    "还有很多别的话要说，" * 25,
    "He said no. ",
    "联系人张伟先生，",
]
TEXTS = st.lists(st.sampled_from(PARTS) | st.text("的了是我不一 ，。！\n.?<>法轮her", max_size=12), max_size=8).map(
    "".join
)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    path = tmp_path_factory.mktemp("lexicon") / "words.yaml"
    path.write_text(WORDS, encoding="utf-8")
    return Chain(GuardrailSettings(lexicon=str(path), topics="off", tenants=TENANTS), None)


TENANTS = {"keeping": {"reversible": False}, "blocking": {"personal": "block"}, "off": {"personal": "off"}}


def asked(chain, text=f"我的电话是{OWN}。", tenant="t"):
    """Return the guard of a request, and what its model reads."""
    guard = chain.request(tenant)
    return guard, guard.check_input([text])[0].text


def run(stream, pieces):
    """Return what left, as a list, and the findings."""
    released = [*(stream.push(piece) for piece in pieces), stream.close()]
    return [one.text for one in released], [found for one in released for found in one.findings]


@given(TEXTS, st.lists(st.integers(1, 40), min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_every_cutting_gives_the_same_answer_and_nothing_forbidden(chain, text, lengths):
    guard, _masked = asked(chain)
    pieces, at = [], 0
    while at < len(text):
        pieces.append(text[at : at + lengths[len(pieces) % len(lengths)]])
        at += len(pieces[-1])
    left = "".join(run(guard.output(), pieces)[0])
    whole = guard.check_output(text)
    assert left == whole.text
    for word in ("法轮功", "法 轮 功", "heroin", "her\u200boin", "蠢货", "笨-蛋", f"拨打{OWN}", FOREIGN, ID_NUMBER):
        assert word not in left
    assert (whole.action == "block") == any(found.action == "block" for found in whole.findings)


def test_values_leave_as_placeholders_and_come_back(chain):
    text = f"我是张伟，电话{OWN}，身份证号{ID_NUMBER}。"
    guard, masked = asked(chain, text)
    assert not any(value in masked for value in (OWN, ID_NUMBER, "张伟"))
    assert "".join(run(guard.output(), masked)[0]) == text


def test_one_placeholder_stands_for_a_value_in_all_texts_of_a_request(chain):
    guard = chain.request("t")
    first, second = guard.check_input([f"电话{OWN}", f"再打{OWN}或{FOREIGN}"])
    assert (first.text, second.text) == ("电话<手机号1>", "再打<手机号1>或<手机号2>")


def test_a_value_is_masked_where_another_text_says_it_without_context(chain):
    texts = ["E12345678过期了", "护照号E12345678", "E123456789不是"]
    assert chain.request("t").check_input(texts[:1])[0].text == texts[0]
    verdicts = chain.request("t").check_input(texts)
    assert [verdict.text for verdict in verdicts] == ["<护照号1>过期了", "护照号<护照号1>", texts[2]]
    assert [(found.start, found.end) for found in verdicts[0].findings] == [(0, 9)]


def test_values_do_not_come_back_where_the_tenant_says_so(chain):
    guard, masked = asked(chain, tenant="keeping")
    assert guard.check_output(masked).text == masked == "我的电话是<手机号1>。"


def test_data_that_nobody_gave_is_hidden_and_known_data_is_not(chain):
    guard, _masked = asked(chain)
    text = f"客服电话{FOREIGN}，您的电话{OWN[:3]} {OWN[3:7]} {OWN[7:]}。"
    verdict = guard.check_output(text)
    assert verdict.text == text.replace(FOREIGN, "139****5678")
    assert [(found.rule, text[found.start : found.end]) for found in verdict.findings] == [("personal:phone", FOREIGN)]
    assert guard.check_output(text, allowed=[f"热线：{FOREIGN}"]).text == text


def test_data_hidden_once_is_hidden_in_the_sentences_that_follow(chain):
    verdict = chain.request("t").check_output("护照号E12345678。请带上E12345678。")
    assert "E12345678" not in verdict.text
    assert [found.start for found in verdict.findings] == [4, 17]


def test_a_sentence_without_end_is_cut_in_the_same_places(chain):
    guard = chain.request("t")
    text = "E12345678过期了，" + "还有很多别的话要说，" * 70 + "护照号E12345678。"
    assert "".join(run(guard.output(), text)[0]) == guard.check_output(text).text


def test_an_answer_ends_before_data_where_personal_data_is_blocked(chain):
    guard, _masked = asked(chain, "有热线吗？", "blocking")
    texts, findings = run(guard.output(), [f"有的。电话{FOREIGN}。", "再见。", "欢迎。"])
    assert "".join(texts) == "有的。电话"
    assert [(found.action, found.start) for found in findings] == [("block", 5)]


def test_a_block_ends_the_answer_with_what_stands_before_it(chain):
    stream = chain.request("t").output()
    first = stream.push("你好。他说法轮功")
    assert (first.text, first.blocked) == ("你好。他说", True)
    assert [(found.start, found.end) for found in first.findings] == [(5, 8)]
    assert (stream.push("更多").text, stream.close().blocked) == ("", True)


def test_a_word_that_a_restored_value_completes_is_blocked(chain):
    guard, _masked = asked(chain)
    texts, findings = run(guard.output(), "可以。拨打<手机号1>。")
    assert "".join(texts) == "可以。"
    assert findings[-1].action == "block"


def test_characters_leave_at_once_where_nothing_waits_for_sentences(chain):
    stream = chain.request("off").output()
    assert [stream.push(char).text for char in "今天天气"] == list("今天天气")


def test_findings_count_characters_of_the_whole_answer(chain):
    guard = chain.request("t")
    text = "第一句。" * 200 + f"第二句{'很长' * 400}，电话{FOREIGN}，你这蠢货。"
    spans = {text[found.start : found.end] for found in run(guard.output(), [text])[1]}
    assert spans == {FOREIGN, "蠢货"}
