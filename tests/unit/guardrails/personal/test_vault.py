from hypothesis import given
from hypothesis import strategies as st

from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.personal.display import display
from appliance.guardrails.personal.kinds import Rule
from appliance.guardrails.personal.vault import Vault

CHECK = PersonalData({"phone": Rule("mask"), "email": Rule("mask"), "cn_id": Rule("block"), "bank_card": Rule("warn")})
PIECES = st.lists(
    st.sampled_from(
        ["13912345678", "a.b@example.com", "<手机号1>", "<PHONE_1>", "<phone 2>", "＜手机号2＞", "<原文1>", "<TEXT_1>"]
    )
    | st.sampled_from(["<", ">", "<PHO", "_1>", "原文", "<PHONE_1", "你好", " hello ", "1", "，", "\n"]),
    max_size=14,
).map("".join)


def cut(text, data):
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def test_a_value_has_one_placeholder_in_the_language_of_its_text():
    vault = Vault()
    text = "打13912345678，不行再打13812345678，或13912345678"
    assert vault.mask(text, CHECK.find(text)) == "打<手机号1>，不行再打<手机号2>，或<手机号1>"
    later = "call 13712345678 or 13912345678"
    assert vault.mask(later, CHECK.find(later)) == "call <PHONE_3> or <手机号1>"
    assert vault.restore("已拨打<手机号2>和 <phone_3>，＜手机号 1＞无人接听") == (
        "已拨打13812345678和 13712345678，13912345678无人接听"
    )


def test_only_what_is_to_be_masked_is_replaced():
    vault = Vault()
    text = "证件11010519491231002X，卡号4111111111111111，手机13912345678"
    assert vault.mask(text, CHECK.find(text)) == "证件11010519491231002X，卡号4111111111111111，手机<手机号1>"


def test_a_placeholder_somebody_typed_stays_what_it_was():
    vault = Vault()
    text = "<手机号1>是什么意思？我的手机13912345678"
    masked = vault.mask(text, CHECK.find(text))
    assert masked == "<原文1>是什么意思？我的手机<手机号1>"
    assert vault.restore(masked) == text


def test_unknown_placeholders_stay():
    assert Vault().restore("see <PHONE_4>") == "see <PHONE_4>"


def test_a_vault_does_not_print_its_values():
    vault = Vault()
    vault.mask("13912345678", CHECK.find("13912345678"))
    assert repr(vault) == "Vault(1 values)"


@given(PIECES, PIECES)
def test_restoring_undoes_masking(first, second):
    vault = Vault()
    masked = [vault.mask(text, CHECK.find(text)) for text in (first, second)]
    assert [vault.restore(text) for text in masked] == [first, second]


@given(PIECES, st.data())
def test_a_stream_restores_the_same_however_it_is_cut(text, data):
    vault = Vault()
    known = "13912345678 a.b@example.com"
    vault.mask(known, CHECK.find(known))
    stream = vault.stream()
    streamed = "".join(stream.push(piece) for piece in cut(text, data)) + stream.close()
    assert streamed == vault.restore(text)


def test_a_stream_holds_back_nothing_but_a_live_placeholder():
    vault = Vault()
    vault.mask("13912345678", CHECK.find("13912345678"))
    stream = vault.stream()
    assert stream.push("a < b, call <PHO") == "a < b, call "
    assert stream.push("NE_1") == ""
    assert stream.push("> or <PHX") == "13912345678 or <PHX"
    assert stream.push(" <") == " "
    assert stream.close() == "<"


def test_masks_for_the_eye():
    assert display("phone", "13812341234") == "138****1234"
    assert display("bank_card", "6222 0200 1234 1234") == "6222 **** **** 1234"
    assert display("cn_id", "11010519491231002X") == "110***********002X"
    assert display("person", "张伟") == "张*"
    assert display("person", "John Smith") == "J*** S****"
    assert display("email", "wang.wei@example.com") == "w***@example.com"
    assert display("address", "浙江省杭州市西湖区文三路478号") == "浙江省杭州市******"
    assert display("passport", "E12345678") == "E*******8"
