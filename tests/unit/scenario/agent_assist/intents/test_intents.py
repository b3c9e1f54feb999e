"""The shipped intents, with the real embedder."""

from pathlib import Path

import pytest
import yaml

from appliance.core.errors import ConfigError
from appliance.knowledge.e5 import LocalEmbedder
from scenarios.agent_assist.intents import SHIPPED, IntentBook

HELD_OUT = Path(__file__).parent
EXAMPLES = [
    "我想给学校交学费",
    "孩子的学费怎么交",
    "学费代扣没有扣成功",
    "大学学费能在手机银行里缴吗",
    "交学费要输学号吗",
    "幼儿园的保育费在哪里交",
    "How do I pay tuition fees",
    "I want to pay my daughter's school fees",
]


@pytest.fixture(scope="module")
def embed():
    embedder = LocalEmbedder(threads=1)
    return lambda texts: embedder.embed(texts, "query")


@pytest.fixture(scope="module")
def shipped(embed):
    return IntentBook.load(SHIPPED, None, embed)


def first(book, embed, text, language):
    return book.classify(embed([text])[0], text, language)[0]


def own_file(folder, *entries):
    path = folder / "intents.yaml"
    path.write_text(yaml.safe_dump({"intents": list(entries)}, allow_unicode=True), "utf-8")
    return path


def tuition(**other):
    return {"name": "tuition", "title": {"en": "Pay tuition", "zh": "缴学费"}, "examples": EXAMPLES} | other


def test_every_intent_of_the_weights_has_a_title_and_sentences_in_chinese(shipped):
    sentences = [
        yaml.safe_load(path.read_text("utf-8"))
        for path in (SHIPPED.parent / "sentences").glob("*.yaml")
        if path.stem != "outside"
    ]
    learnt = {name: texts for file in sentences for name, texts in file.items()}
    assert set(shipped.titles) == set(learnt)
    assert len(shipped.titles) == 108
    assert all(len(set(texts["zh"])) >= 8 for texts in learnt.values())
    judged = yaml.safe_load((HELD_OUT / "held_out_zh.yaml").read_text("utf-8"))
    read = {text for texts in learnt.values() for found in texts.values() for text in found}
    assert set(judged) == set(learnt)
    assert not [text for texts in judged.values() for text in texts if text in read]


def test_customers_are_understood_in_both_languages(shipped, embed):
    for text, language, name in (
        ("我的银行卡找不到了，先帮我停掉", "zh", "lost_or_stolen_card"),
        ("房贷想提前还一部分", "zh", "mortgage_prepayment"),
        ("转账转了两天了，对方说没有收到", "zh_CN", "transfer_not_received_by_recipient"),
        ("where is the card you sent me", "en", "card_arrival"),
        ("i need to speak to a human being", "en", "human_agent"),
    ):
        told, sure = first(shipped, embed, text, language)
        assert told == name, text
        assert shipped.threshold <= sure <= 1.0


def test_chinese_sentences_written_apart_are_told_apart(shipped, embed):
    judged = yaml.safe_load((HELD_OUT / "held_out_zh.yaml").read_text("utf-8"))
    rows = [(texts[0], name) for name, texts in judged.items()]
    vectors = embed([text for text, _name in rows])
    right = [
        shipped.classify(vector, text, "zh")[0][0] == name for vector, (text, name) in zip(vectors, rows, strict=True)
    ]
    assert sum(right) / len(right) >= 0.8


def test_who_asks_for_nothing_gets_no_intent(shipped, embed):
    outside = yaml.safe_load((HELD_OUT / "held_out.yaml").read_text("utf-8"))["outside"]
    rows = [(text, language) for language, texts in outside.items() for text in texts]
    vectors = embed([text for text, _language in rows])
    shown = [
        shipped.classify(vector, *row)[0][1] >= shipped.threshold for vector, row in zip(vectors, rows, strict=True)
    ]
    assert sum(shown) / len(shown) <= 0.1


def test_five_intents_are_told_best_first_and_sum_up_to_no_more_than_one(shipped, embed):
    for text in ("我要转账", "", "…", "转账" * 1000, "😀\0"):
        ranked = shipped.classify(embed([text])[:1], text, "zh")
        sure = [one for _name, one in ranked]
        assert len({name for name, _sure in ranked}) == 5
        assert sure == sorted(sure, reverse=True)
        assert 0.0 <= sum(sure) <= 1.0 + 1e-6


def test_an_own_intent_is_learnt_from_examples(shipped, embed, tmp_path):
    book = IntentBook.load(SHIPPED, own_file(tmp_path, tuition()), embed)
    assert book.titles["tuition"].within("zh_CN") == "缴学费"
    for text, language in (("儿子下学期的学费怎么缴", "zh"), ("can I pay the school's tuition here", "en")):
        told, sure = first(book, embed, text, language)
        assert told == "tuition", text
        assert sure >= book.threshold
        assert first(shipped, embed, text, language)[0] != "tuition"
    assert first(book, embed, "我的银行卡找不到了，先帮我停掉", "zh")[0] == "lost_or_stolen_card"
    assert first(book, embed, "你好，听得见吗", "zh")[1] < book.threshold


def test_an_own_intent_takes_the_place_of_shipped_ones(embed, tmp_path):
    entry = {"name": "card_post", "title": {"en": "Card by post", "zh": "卡片邮寄"}, "replaces": ["card_arrival"]}
    book = IntentBook.load(SHIPPED, own_file(tmp_path, entry), embed)
    assert first(book, embed, "where is the card you sent me", "en")[0] == "card_post"
    assert "card_arrival" not in book.titles


def test_a_disabled_intent_is_never_told(embed, tmp_path):
    path = own_file(
        tmp_path, {"name": "card_arrival", "disabled": True}, tuition(disabled=True, replaces=["pin_blocked"])
    )
    book = IntentBook.load(SHIPPED, path, embed)
    ranked = book.classify(embed(["where is the card you sent me"])[0], "where is the card you sent me", "en")
    assert "card_arrival" not in dict(ranked)
    assert "tuition" not in book.titles
    assert "pin_blocked" in book.titles


def test_a_shipped_intent_gets_another_title_and_more_examples(embed, tmp_path):
    entry = tuition(name="etc_service", title={"en": "School and toll", "zh": "学费与通行费"})
    book = IntentBook.load(SHIPPED, own_file(tmp_path, entry), embed)
    assert book.titles["etc_service"].en == "School and toll"
    assert first(book, embed, "儿子下学期的学费怎么缴", "zh")[0] == "etc_service"
    assert first(book, embed, "我想给车办个 ETC", "zh")[0] == "etc_service"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (tuition(examples=EXAMPLES[:4]), "at least 5 examples"),
        (tuition(title=None), "title in both languages"),
        (tuition(replaces=["card_arival"]), "no shipped intent is called card_arival"),
        (tuition(examples=EXAMPLES[:1] * 5), "twice"),
        (tuition(color="red"), "not known"),
        (tuition(name="学费"), "name"),
        ({"name": "tuition", "title": {"en": "Pay tuition", "zh": "缴学费"}}, "it has 0"),
    ],
)
def test_a_fault_names_file_and_entry(embed, tmp_path, entry, said):
    path = own_file(tmp_path, entry)
    with pytest.raises(ConfigError) as error:
        IntentBook.load(SHIPPED, path, embed)
    assert str(path) in str(error.value)
    assert said in str(error.value)
    assert entry["name"] in str(error.value)


def test_a_name_stands_once(embed, tmp_path):
    with pytest.raises(ConfigError, match="twice"):
        IntentBook.load(SHIPPED, own_file(tmp_path, tuition(), tuition()), embed)


def test_examples_are_embedded_once(embed, tmp_path):
    asked = []

    def counting(texts):
        asked.append(len(texts))
        return embed(texts)

    path = own_file(tmp_path, tuition())
    IntentBook.load(SHIPPED, path, counting)
    IntentBook.load(SHIPPED, own_file(tmp_path, tuition(examples=[*EXAMPLES, "学费多少钱"])), counting)
    assert asked == [len(EXAMPLES), 1]


def test_no_file_of_the_bank_is_no_fault(embed, tmp_path, shipped):
    assert IntentBook.load(SHIPPED, tmp_path / "intents.yaml", embed).titles == shipped.titles


def test_vectors_of_another_model_are_refused(embed, tmp_path):
    with pytest.raises(ConfigError, match="another embedding model"):
        IntentBook.load(SHIPPED, own_file(tmp_path, tuition()), lambda texts: embed(texts)[:, :100])


def test_damaged_weights_are_a_clear_error(embed, tmp_path):
    (tmp_path / "intents.yaml").write_bytes(SHIPPED.read_bytes())
    for content in (b"", b"no weights", SHIPPED.with_name("weights.npz").read_bytes()[:5000]):
        folder = tmp_path / str(len(content))
        folder.mkdir()
        (folder / "intents.yaml").write_bytes(SHIPPED.read_bytes())
        (folder / "weights.npz").write_bytes(content)
        with pytest.raises(ConfigError, match="cannot be read"):
            IntentBook.load(folder / "intents.yaml", None, embed)
