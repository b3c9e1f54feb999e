"""What the terminal begins with: the first start on a bare home, and nowhere else."""

import pytest

from appliance.cluster.certificates import ensure_authority
from appliance.cluster.membership import write_membership
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError
from appliance.operations import packages
from appliance.operations.accounts import add_user, open_accounts
from appliance.operations.setup.answers import Answers, write_answers
from appliance.operations.setup.journal import Steps, answers_file, journal_file
from appliance.operations.setup.standing import begins_here
from tests.unit.operations.setup.starts import PASSWORD, member

SITE = SiteConfig()


def test_a_bare_home(home):
    assert begins_here(home, SITE)
    assert not home.root.exists()
    home.create()
    home.site_file.write_text("language: zh_CN\n")
    assert begins_here(home, SITE)


def test_packages_that_were_brought_first(home, lexicon):
    package, key = lexicon
    packages.trust(home, SITE, key)
    list(packages.install(home, SITE, package))
    assert begins_here(home, SITE)


@pytest.mark.parametrize("what", ["admin_key", "authority", "key", "person"])
def test_one_that_was_started_whatever_is_lost_since(home, what):
    home.create()
    if what == "admin_key":
        home.admin_key_file.write_text("lma-x")
    elif what == "authority":
        ensure_authority(home.secrets)
    elif what == "key":
        with open_accounts(home, SITE) as accounts:
            accounts.keys.create("admin", role="admin")
    else:
        add_user(home, SITE, "lin", PASSWORD)
    assert not begins_here(home, SITE)


@pytest.mark.parametrize("journal", [None, "{"])
def test_one_that_was_broken_off(home, journal):
    home.create()
    home.admin_key_file.write_text("lma-x")
    Steps.of(home, Answers()).begin()
    if journal is not None:
        journal_file(home).write_text(journal)
    assert begins_here(home, SITE)


def test_one_that_was_broken_off_and_started_by_hand_since(home, monkeypatch):
    home.create()
    Steps.of(home, Answers()).begin()
    monkeypatch.setattr("appliance.operations.setup.standing.runs", lambda _home: True)
    assert not begins_here(home, SITE)
    write_answers(answers_file(home), Answers())  # the wizard's, which comes to its end then
    assert begins_here(home, SITE)


def test_a_node_is_run_from_its_head(home):
    home.create()
    write_membership(home, member("joined"))
    with pytest.raises(ConfigError, match=r"node box-2 of 10\.0\.0\.1") as caught:
        begins_here(home, SITE)
    assert "--url" in str(caught.value.hint)
    Steps.of(home, Answers()).begin()
    with pytest.raises(ConfigError, match="node box-2"):
        begins_here(home, SITE)
    write_membership(home, member("joining"))
    assert begins_here(home, SITE)
