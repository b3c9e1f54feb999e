"""A lexicon whose content somebody must have approved."""

import pytest

from appliance.config.site import GuardrailSettings
from appliance.core.errors import ConfigError, Unavailable
from appliance.core.messages import _
from appliance.guardrails.chain import Chain
from appliance.guardrails.lexicon.reloading import ReloadingLexicon, lexicon_digest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own.yaml"
    write(path, "蓝色计划")
    return path


def write(path, word, version="1"):
    path.write_text(f"version: '{version}'\ngroups: [{{category: own, words: [{word}]}}]\n", encoding="utf-8")


def test_only_content_that_is_allowed_is_taken_over(file):
    good = {lexicon_digest(file)}
    lexicon = ReloadingLexicon(file, lambda path, digest: path == file and digest in good)
    write(file, "红色计划", "2")
    assert not lexicon.refresh()
    assert lexicon.find("蓝色计划")
    assert not lexicon.find("红色计划")
    assert "not approved" in str(lexicon.fault)
    good.add(lexicon_digest(file))
    assert lexicon.refresh()
    assert lexicon.find("红色计划")
    assert lexicon.fault is None


def test_a_replica_does_not_start_with_what_nobody_has_approved(file):
    settings = GuardrailSettings(lexicon=str(file), personal="off", injection="off", topics="off")
    with pytest.raises(ConfigError, match="not approved"):
        Chain(settings, None, lambda _path, _digest: False)
    assert Chain(settings, None, lambda _path, _digest: True).versions()["lexicon"].startswith("1-")


def test_the_shipped_lexicon_needs_nobody():
    settings = GuardrailSettings(personal="off", injection="off", topics="off")
    assert Chain(settings, None, lambda _path, _digest: False).versions()["lexicon"]


def test_where_nobody_can_be_asked_the_last_good_one_stays(file):
    answers = [True]

    def allowed(_path, _digest):
        if answers:
            return answers.pop()
        raise Unavailable(_("{x}", x="the database is away"))

    lexicon = ReloadingLexicon(file, allowed)
    write(file, "红色计划", "2")
    assert not lexicon.refresh()
    assert lexicon.find("蓝色计划")
