"""Lexicon files, and following them while they change."""

import os

import pytest

from appliance.core.errors import ConfigError
from appliance.guardrails.lexicon import DEFAULT_FILE, Lexicon, ReloadingLexicon

GOOD = """
version: "1"
groups:
  - category: drugs
    tier: mask
    near: 5
    words:
      - 冰毒
      - {word: pot, tier: block, only_near: [buy]}
    pairs:
      - {first: [卖, 买], then: [枪支, 子弹]}
lists:
  - {file: words.txt, category: site, tier: warn}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lexicon.yaml"
    path.write_text(GOOD, encoding="utf-8")
    (tmp_path / "words.txt").write_text("# ours\n内部代号\n\n内部代号\n", encoding="utf-8")
    return path


def rewrite(path, text):
    path.write_text(text, encoding="utf-8")
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))


def actions(lexicon, text):
    return [found.action for found in lexicon.find(text)]


def test_groups_pairs_and_plain_lists_are_read(file):
    lexicon = Lexicon.load(file)
    assert actions(lexicon, "冰毒，买子弹，内部代号，buy pot") == ["mask", "mask", "warn", "block"]
    assert actions(lexicon, "neibu daihao") == []  # plain lists match as written
    assert len(lexicon.entries) == 7


def test_a_site_extends_drops_and_allows(file):
    word = next(entry.word for entry in Lexicon.load().entries if entry.category == "gambling")
    rewrite(file, f'version: "7"\nextends: default\ndrop: [{word}]\nallow: [本行严禁裸聊]\n')
    lexicon = Lexicon.load(file)
    assert actions(Lexicon.load(DEFAULT_FILE), word) == ["block"]
    assert actions(lexicon, word) == actions(lexicon, "本行严禁裸聊") == []
    assert actions(lexicon, "裸聊") == ["block"]
    assert "+7-" in lexicon.version


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('version: "1"\nwords: []', "words: unknown name"),
        ('version: "1"\ngroups: [{category: x, words: [冰毒, {word: pot, teir: mask}]}]', r"words / 2 \(pot\)"),
        ('version: "1"\ngroups: [{category: X Y, words: [冰毒]}]', r"groups / 1 \(X Y\) / category"),
        ("version: [", "is not valid YAML"),
        ('version: "1"\nlists: [{file: no.txt, category: x, tier: warn}]', r"no\.txt cannot be read"),
        ('version: "1"\nextends: default\ndrop: [没有的词语]', "drop names 没有的词语"),
        ("just words", "cannot be used"),
    ],
)
def test_a_wrong_file_says_where(file, content, told):
    rewrite(file, content)
    with pytest.raises(ConfigError, match=told) as raised:
        Lexicon.load(file)
    assert file.name in str(raised.value) or "no.txt" in str(raised.value)
    assert raised.value.hint is not None


def test_a_list_that_is_not_utf8_names_the_line(file):
    (file.parent / "words.txt").write_bytes("好\n".encode() + "坏".encode("gbk"))
    with pytest.raises(ConfigError, match=r"words\.txt is not UTF-8 text \(line 2\)"):
        Lexicon.load(file)


def test_changed_files_are_taken_over_and_running_streams_keep_theirs(file):
    reloading = ReloadingLexicon(file)
    assert not reloading.refresh()
    running = reloading.stream()
    before = reloading.version
    rewrite(file.parent / "words.txt", "内部代号\n新的代号\n")
    assert reloading.refresh()
    assert reloading.version != before
    assert actions(reloading, "新的代号") == ["warn"]
    assert running.push("新的代号。").findings + running.close().findings == ()


def test_a_broken_file_leaves_the_last_good_lexicon(file):
    reloading = ReloadingLexicon(file)
    good = reloading.lexicon
    rewrite(file, "version: [")
    assert not reloading.refresh()
    assert reloading.lexicon is good
    assert isinstance(reloading.fault, ConfigError)
    (file.parent / "words.txt").unlink()
    rewrite(file, GOOD)
    assert not reloading.refresh()
    assert "words.txt" in str(reloading.fault)
    (file.parent / "words.txt").write_text("内部代号\n内部代号二\n", encoding="utf-8")
    assert reloading.refresh()
    assert reloading.fault is None
    assert actions(reloading, "内部代号二") == ["warn"]


def test_a_list_that_comes_after_the_file_that_names_it_is_taken_over(file):
    reloading = ReloadingLexicon(file)
    rewrite(file, GOOD.replace("words.txt", "later.txt"))
    assert not reloading.refresh()
    (file.parent / "later.txt").write_text("后来的词\n", encoding="utf-8")
    assert reloading.refresh()
    assert actions(reloading, "后来的词") == ["warn"]


def test_touching_a_file_changes_nothing(file):
    reloading = ReloadingLexicon(file)
    good = reloading.lexicon
    rewrite(file, GOOD)
    assert not reloading.refresh()
    assert reloading.lexicon is good


def test_a_first_reading_that_fails_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        ReloadingLexicon(tmp_path / "none.yaml")
