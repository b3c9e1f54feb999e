from pathlib import Path

import numpy
import pytest

from appliance.knowledge.e5 import LocalEmbedder
from scenarios.agent_assist.reading import emotion
from scenarios.agent_assist.reading.emotion import read_emotion
from scenarios.agent_assist.reading.emotion_weights import LABELS, shipped_weights
from scenarios.agent_assist.reading.train_emotion import read_turns, train

JUDGED = ("zh_fresh", "en_fresh", "zh_calm_fresh", "en_calm_fresh")
TRAINED = ("zh", "en", "zh_more", "en_more", "zh_calm", "en_calm")
SETS = Path(emotion.__file__).with_name("evaluation")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("你好，我想查一下余额", "calm"),
        ("急死我了，卡丢了", "anxious"),
        ("你们怎么回事，都第三次了", "angry"),
        ("算了，白跑一趟", "disappointed"),
        ("什么意思，我没听懂", "confused"),
        ("太好了谢谢你", "satisfied"),
        ("this is ridiculous", "angry"),
        ("I'm fed up, it is the third time I'm calling", "angry"),
        ("thank you so much, that was quick", "satisfied"),
        ("I'm really worried about my money", "anxious"),
        ("我不着急，你慢慢查", "calm"),
        ("not in a hurry", "calm"),
        ("this is ridiculous 你们怎么回事", "angry"),
        ("太慢了，拖了两个星期，真让人生气", "angry"),
        ("没有了，再见", "calm"),
        ("How long do I have to hand it in?", "calm"),
        ("如果又找到了怎么办", "calm"),
        ("why do you need my date of birth", "calm"),
        ("how much longer do I have to wait", "angry"),
        ("卡丢了，这可怎么办啊", "anxious"),
    ],
)
def test_words_of_callers_tell_the_emotion(text, label):
    assert read_emotion(text).label == label


@pytest.mark.parametrize(
    ("plain", "negated"),
    [("我很满意", "我很不满意"), ("I am happy with it", "I am not happy with it"), ("服务周到", "服务不周到")],
)
def test_a_negation_turns_praise_around(plain, negated):
    assert read_emotion(plain).score > 0 > read_emotion(negated).score


@pytest.mark.parametrize("text", ["我不担心这个", "I'm not worried about that", "im not angry"])
def test_a_negation_takes_an_upset_word_out(text):
    assert read_emotion(text).label == "calm"


def test_stronger_words_pull_further():
    assert read_emotion("我非常担心").score < read_emotion("我担心").score < read_emotion("我有点担心").score < 0


def test_the_evidence_is_quoted_as_it_was_said():
    assert read_emotion("This is RIDICULOUS！").evidence == ("RIDICULOUS",)
    assert read_emotion("查余额").evidence == ()


@pytest.mark.parametrize("name", ["zh", "en"])
def test_the_first_own_turns_are_told_by_words_alone(name):
    turns = read_turns(name)
    right = sum(read_emotion(text).label == label for label, text in turns)
    assert len(turns) >= 150
    assert right / len(turns) >= 0.9


@pytest.fixture(scope="module")
def embedder():
    return LocalEmbedder(threads=1)


@pytest.mark.parametrize(("name", "least"), [("zh_fresh", 0.5), ("en_fresh", 0.4)])
def test_the_embedding_helps_on_turns_that_nothing_was_made_for(embedder, name, least):
    turns = read_turns(name)
    vectors = embedder.embed([text for _label, text in turns], "query")
    by_words = sum(read_emotion(text).label == label for label, text in turns)
    by_both = sum(
        read_emotion(text, vector).label == label for (label, text), vector in zip(turns, vectors, strict=True)
    )
    assert by_both / len(turns) >= least
    assert by_both > 1.5 * by_words


@pytest.mark.parametrize("name", ["zh_calm_fresh", "en_calm_fresh"])
def test_calm_turns_of_every_day_do_not_sound_upset(embedder, name):
    turns = read_turns(name)
    vectors = embedder.embed([text for _label, text in turns], "query")
    assert len(turns) >= 30
    for given in ([None] * len(turns), vectors):
        found = [read_emotion(text, vector).label for (_label, text), vector in zip(turns, given, strict=True)]
        assert sum(label not in ("calm", "satisfied") for label in found) <= 0.1 * len(turns)


def test_a_vector_of_another_embedder_changes_nothing(embedder):
    text = "给我听清楚，今天不解决我不挂"
    assert read_emotion(text, numpy.ones(8, dtype=numpy.float32)) == read_emotion(text)
    assert read_emotion(text, numpy.full(384, numpy.nan, dtype=numpy.float32)) == read_emotion(text)


def test_a_sound_alone_stays_calm(embedder):
    assert read_emotion("嗯", embedder.embed(["嗯"], "query")[0]).label == "calm"


def test_no_turn_for_judging_is_trained_on():
    judged = {text for name in JUDGED for _label, text in read_turns(name)}
    trained = {text for name in TRAINED for _label, text in read_turns(name)}
    assert not judged & trained


def test_the_shipped_weights_know_turns_of_their_training(embedder):
    turns = [turn for name in ("zh", "en", "zh_more", "en_more") for turn in read_turns(name)[::12]]
    told = shipped_weights().logits(embedder.embed([text for _label, text in turns], "query")).argmax(axis=1)
    right = sum(LABELS[at] == label for at, (label, _text) in zip(told, turns, strict=True))
    assert right / len(turns) > 0.75


def test_training_learns_what_it_is_shown():
    vectors = numpy.eye(8, dtype=numpy.float32)[: len(LABELS)]
    assert train(vectors, list(LABELS)).logits(vectors).argmax(axis=1).tolist() == list(range(len(LABELS)))


def test_every_line_of_the_sets_has_a_label():
    for path in sorted(SETS.glob("emotion_*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            label, _tab, text = line.partition("\t")
            assert label in LABELS
            assert text
