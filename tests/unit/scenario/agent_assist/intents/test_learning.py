"""The training program on a few made-up points, where no public data is needed."""

import numpy
import pytest

from scenarios.agent_assist.intents import learning, train
from scenarios.agent_assist.intents.own import OwnIntents
from scenarios.agent_assist.intents.weights import Weights
from scenarios.agent_assist.intents.words import BUCKETS, buckets_of, hashed

NAMES = ("one", "two", "three")
CENTRES = numpy.eye(8, dtype=numpy.float32)


def points(which, count, seed, shift=0.0):
    noise = numpy.random.default_rng(seed).normal(0, 0.15, (count, 8))
    return (CENTRES[which] + noise + shift).astype(numpy.float32)


@pytest.fixture(scope="module")
def examples():
    vectors = numpy.concatenate(
        [points(at, 24, 10 * at + chinese, 2.0 * chinese) for chinese in (0, 1) for at in range(4)]
    )
    classes = numpy.tile(numpy.repeat(numpy.arange(4), 24), 2)
    languages = numpy.repeat([0, 1], 96)
    weights = numpy.repeat([1.0, 8.0], 96).astype(numpy.float32)
    return learning.Examples([f"word{at} said" for at in classes], vectors, languages, classes, weights)


@pytest.fixture(scope="module")
def weights(examples):
    return learning.fit(examples, NAMES, "points")


def test_pairs_of_chinese_words_go_by_their_sound():
    heard, said = set(buckets_of("账户冻结")), set(buckets_of("帐户动结"))
    assert len(heard & said) >= 4
    assert set(buckets_of("Card 12")) == set(buckets_of("card 987"))
    assert not len(buckets_of("…？"))
    assert hashed(["", "card"]).shape == (2, BUCKETS)


def test_both_models_tell_the_classes_apart_in_either_language(weights, examples):
    assert (learning.logits(weights, examples).argmax(axis=1) == examples.classes).mean() > 0.95
    own = OwnIntents.learn(weights, ())
    told = [
        own.logits(weights, weights.centred(vector, ("en", "zh")[language]))[:4].argmax()
        for vector, language in zip(examples.vectors, examples.languages, strict=True)
    ]
    assert (numpy.array(told) == examples.classes).mean() > 0.95


def test_an_own_intent_is_likely_near_its_examples_only(weights):
    own = OwnIntents.learn(weights, [("new", weights.centred(points(6, 5, 99), "en"))])
    unsure = numpy.full(4, 0.25, numpy.float32)
    near = own.shares(weights, weights.centred(points(6, 1, 98)[0], "en"), unsure)
    far = own.shares(weights, weights.centred(points(1, 1, 97)[0], "en"), unsure)
    assert near.shape == (1,)
    assert near[0] > 0.5 > far[0]


def test_weights_are_written_the_same_and_read_again(weights, tmp_path, examples):
    for name in ("one.npz", "two.npz"):
        learning.fit(examples, NAMES, "points").write(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    again = Weights.read(tmp_path / "one.npz")
    assert again.names.tolist() == list(NAMES)
    assert numpy.allclose(learning.logits(again, examples), learning.logits(weights, examples), atol=0.05)


def test_a_quarter_of_each_kind_is_held_out_at_a_time(examples):
    folds = train.folds_of(examples)
    for at in range(4):
        for language in (0, 1):
            of_kind = folds[(examples.classes == at) & (examples.languages == language)]
            assert numpy.bincount(of_kind).tolist() == [6, 6, 6, 6]


def test_the_threshold_lets_one_in_twenty_through():
    logits = numpy.zeros((100, 3))
    logits[:, 0] = numpy.linspace(-3, 3, 100)
    found = train.threshold(logits, numpy.full(100, 2), 2)
    chances = numpy.exp(logits) / numpy.exp(logits).sum(axis=1, keepdims=True)
    assert (chances[:, :2].max(axis=1) > found).sum() == 5


def test_a_temperature_is_high_where_logits_are_too_sure():
    classes = numpy.array([0] * 70 + [1] * 30)
    logits = numpy.tile([20.0, 0.0], (100, 1))
    assert learning.temperature(logits, classes, numpy.ones(100)) > 10
