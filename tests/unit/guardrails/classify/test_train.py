"""What the training program learns from, holds out, and sets thresholds on."""

import json

import numpy
import pytest
import yaml

from appliance.guardrails.classify import train
from appliance.guardrails.classify.examples import Example, families, load_examples
from appliance.guardrails.classify.topics import TOPICS


def test_the_worst_set_sets_the_threshold_of_injection():
    quiet, loud = numpy.linspace(0, 0.2, 101), numpy.linspace(0, 0.9, 101)
    found = train.threshold([quiet, loud, numpy.empty(0)], None)
    assert (loud >= found).mean() <= 0.04
    assert found > 0.8
    assert train.threshold([quiet, loud], None) == train.threshold([loud], None)


def test_a_topic_is_named_from_a_least_probability_on():
    assert train.threshold([numpy.zeros(50)], 0.3) == 0.3
    assert train.threshold([numpy.full(50, 0.8)], 0.3) == pytest.approx(0.8)


def test_ordinary_templates_are_held_out_as_a_whole_and_attacks_never():
    examples = [Example(f"{template} {at}", template) for template in "abcdef" for at in range(2)]
    group = train.own(examples, False, ordinary=True)
    assert set(group.folds) == {0, 1, 2}
    assert group.folds[::2] == group.folds[1::2]
    assert set(train.own(examples, True).folds) == {-1}


def test_halves_of_presidio_share_no_template(tmp_path):
    path = tmp_path / "set.json"
    path.write_text(json.dumps([{"template_id": at % 7, "full_text": f"{at % 7}: {at}"} for at in range(60)]), "utf-8")
    one, other = train.read_presidio(path, 0), train.read_presidio(path, 1)
    assert len(one) + len(other) == 60
    assert {text[0] for text in one}.isdisjoint(text[0] for text in other)


def test_every_family_has_sentences_and_every_slot_is_filled():
    paths = [("injection_families", ("families",)), ("ordinary", ("domains",)), ("topic_families", ("harmless",))]
    paths += [("topic_families", ("topics", topic)) for topic in TOPICS]
    for name, keys in paths:
        for family in families(name, keys):
            texts = [one.text for one in load_examples(name, (*keys, family), 2, 7)]
            assert len(texts) >= 10, family
            assert not any("{" + slot + "}" in text for slot in _slots(name) for text in texts)


def _slots(name):
    return yaml.safe_load((train.WEIGHTS.parent / "sentences" / f"{name}.yaml").read_text("utf-8"))["slots"]
