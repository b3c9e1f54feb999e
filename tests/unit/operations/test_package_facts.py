"""Installed packages as people look at them, their licences, keys that are shown before they are trusted."""

import json
from pathlib import Path

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApprovalNeeded, Conflict, InvalidRequest
from appliance.operations import approvals, packages
from appliance.operations.accounts import open_accounts
from appliance.operations.models import KIND
from appliance.operations.package_facts import (
    find_new,
    granted,
    installed_packages,
    licence_text,
    read_key,
    trust_known,
)
from appliance.packages.signed.building import Wish
from appliance.state.approval_people import Person

SITE = SiteConfig()
LEXICON = 'version: "1"\ngroups:\n  - {category: own, tier: block, words: [一号项目]}\n'


class Maker:
    """Makes and installs releases of a small lexicon."""

    def __init__(self, root):
        self.root, self.home = root, Home(root / "home")
        self.home.create()
        self.key = packages.make_key(root / "maker", None)
        packages.trust(self.home, SITE, root / "maker.pub")

    def install(self, name="words", release=1):
        folder = self.root / f"{name}-{release}"
        folder.mkdir()
        (folder / "lexicon.yaml").write_text(LEXICON, encoding="utf-8")
        (folder / "LICENSE").write_text(f"Terms of release {release}\n", encoding="utf-8")
        (folder / "own.txt").write_text("Own terms\n", encoding="utf-8")
        file = self.root / f"{name}-{release}.lmab"
        wish = Wish("lexicon", name, f"2026.{release}", release, "LicenseRef-Bank", "desk", None)
        list(packages.build(wish, folder, self.root / "maker.key", None, file))
        list(packages.install(self.home, SITE, file))
        return file


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


def test_the_release_in_use_and_the_one_beside_it(maker):
    maker.install(release=1)
    (only,) = installed_packages(maker.home)
    assert (only.used.manifest.release_counter, only.kept) == (1, None)
    maker.install(release=2)
    (words,) = installed_packages(maker.home)
    assert (words.kind, words.name) == ("lexicon", "words")
    assert (words.used.manifest.release_counter, words.kept.manifest.release_counter) == (2, 1)
    assert (words.signed_by, words.trusted) == (maker.key.key_id, True)
    list(packages.rollback(maker.home, SITE, "lexicon", "words"))
    packages.distrust(maker.home, SITE, maker.key.key_id)
    (words,) = installed_packages(maker.home)
    assert (words.used.manifest.release_counter, words.kept.manifest.release_counter) == (1, 2)
    assert (words.shown.manifest.release_counter, words.trusted) == (1, False)


def test_a_release_without_its_signature_is_told_of_all_the_same(maker):
    maker.install()
    (words,) = installed_packages(maker.home)
    (words.used.folder / "manifest.json.minisig").unlink()
    assert installed_packages(maker.home)[0].signed_by is None


def test_what_is_in_use_already_or_older_is_found_with_that_as_its_fault(maker):
    first, second = maker.install(release=1), maker.install(release=2)
    assert {one.file: one.installable for one in find_new(maker.home, SITE, [maker.root])} == {
        first: False, second: False,
    }  # fmt: skip
    (found,) = find_new(maker.home, SITE, [second])
    assert "in use already" in found.fault.render("en")
    (found,) = find_new(maker.home, SITE, [first])
    assert "release 2 is here" in found.fault.render("en")
    list(packages.rollback(maker.home, SITE, "lexicon", "words"))
    (found,) = find_new(maker.home, SITE, [second])
    assert found.installable, "the newest may come again"
    packages.remove(maker.home, SITE, "lexicon", "words")
    (found,) = find_new(maker.home, SITE, [first])
    assert found.installable, "what was removed is known to the store alone, which refuses it"


def test_the_texts_of_a_licence(maker):
    maker.install()
    (words,) = installed_packages(maker.home)
    text = licence_text(words.used.files, "own.txt")
    assert text.startswith("LICENSE\n\nTerms of release 1\n")
    assert "Own terms" in text
    assert "Own terms" not in licence_text(words.used.files, "MIT")
    assert licence_text(Path("/nowhere"), "MIT") == ""


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "LICENSE").symlink_to(tmp_path / "secret")
    assert licence_text(tmp_path, "MIT") == ""


def test_only_the_key_that_was_shown_is_trusted(maker):
    other = packages.make_key(maker.root / "other", None)
    file = maker.root / "other.pub"
    assert read_key(file).key_id == other.key_id
    file.write_text((maker.root / "maker.pub").read_text())
    with pytest.raises(Conflict, match="another key"):
        trust_known(maker.home, SITE, file, other.key_id)
    assert packages.trusted(maker.home) == [maker.key.key_id]
    file.write_text(other.to_text())
    assert trust_known(maker.home, SITE, file, other.key_id).key_id == other.key_id
    with pytest.raises(InvalidRequest):
        read_key(maker.root / "absent.pub")


def test_an_approval_that_one_has_already_is_found(tmp_path):
    home = Home(tmp_path)
    site = SiteConfig.model_validate({"approvals": {"require": [KIND]}})
    change = {"action": "model.rollback", "alias": "general", "from": "base:2", "to": "base:1"}
    assert granted(home, site, change) == ""
    with pytest.raises(ApprovalNeeded) as raised:
        approvals.demand(home, site, KIND, change)
    ticket = raised.value.details["approval"]
    assert granted(home, site, change) == ""
    with open_accounts(home, site) as accounts:
        accounts.approvals.decide(ticket, "approved", Person("os:another"))
    assert granted(home, site, change) == ticket
    assert granted(home, site, {**change, "to": "base:0"}) == ""
    approvals.demand(home, site, KIND, json.loads(json.dumps(change)), ticket)
    assert granted(home, site, change) == "", "it is used up"
