"""Settings at a start: adopted, compared, held up for a second person, put back where the start fails."""

import json

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig, parse_site
from appliance.core.errors import ApprovalNeeded, ConfigError, StartFailed
from appliance.core.messages import _
from appliance.guardrails.lexicon import DEFAULT_FILE
from appliance.guardrails.lexicon.reloading import lexicon_digest
from appliance.operations import applied, supervised, up
from appliance.operations.accounts import open_accounts
from appliance.operations.applied import applying_settings, changed_settings, settings_of
from appliance.operations.audit import open_audit
from appliance.state.applied_settings import allows_lexicon, read_applied, write_applied
from appliance.state.approval_people import Person
from appliance.state.audit.search import Filters, search
from tests.unit.operations.test_up import no_build
from tests.unit.serving.ports import free_ports

BOB = Person("os:bob")
BOTH = {"approvals": {"require": ["policy.change", "model.switch"]}}


@pytest.fixture
def home(tmp_path):
    found = Home(tmp_path / "home")
    with open_audit(found, SiteConfig(), begin=True):
        pass
    return found


@pytest.fixture(autouse=True)
def alice(monkeypatch):
    monkeypatch.setattr(applied, "operator", lambda: "os:alice")


def site(*parts):
    return SiteConfig.model_validate({name: value for part in parts for name, value in part.items()})


def start(home, settings):
    with applying_settings(home, settings):
        pass


def approvals(home, settings=None):
    with open_accounts(home, settings or site()) as accounts:
        return accounts.approvals.list()


def agree(home, settings, ticket):
    with open_accounts(home, settings) as accounts:
        accounts.approvals.decide(ticket, "approved", BOB)


def applied_of(home, group):
    with open_accounts(home, site()) as accounts:
        return read_applied(accounts.database, group)


def test_the_first_start_takes_the_settings_as_they_are(home):
    start(home, site(BOTH, {"guardrails": {"personal": "off"}}))
    assert applied_of(home, "policy").content == {
        "guardrails": {"personal": "off"}, **BOTH
    }  # fmt: skip
    assert applied_of(home, "models").content == {}
    assert approvals(home) == []
    start(home, site(BOTH, {"guardrails": {"personal": "off"}}, {"language": "zh_CN", "gateway": {"port": 9090}}))


def test_a_changed_policy_waits_for_a_second_person_and_goes_on_by_itself(home):
    start(home, site(BOTH))
    laxer = site(BOTH, {"guardrails": {"personal": "off", "tenants": {"north": {"topics": "off"}}}})
    with pytest.raises(ApprovalNeeded) as refused:
        start(home, laxer)
    told = str(refused.value)
    assert "guardrails.personal" in told
    assert "guardrails.tenants.north.topics" in told
    (ticket,) = approvals(home)
    assert f"appliance approval approve {ticket.id}" in told
    assert json.loads(ticket.payload)["changes"] == [
        {"setting": "guardrails.personal", "before": None, "after": "off"},
        {"setting": "guardrails.tenants.north.topics", "before": None, "after": "off"},
    ]
    with pytest.raises(ApprovalNeeded):
        start(home, laxer)
    assert len(approvals(home)) == 1
    agree(home, laxer, ticket.id)
    even_laxer = site(BOTH, {"guardrails": {"enabled": False}})
    with pytest.raises(ApprovalNeeded):
        start(home, even_laxer)
    start(home, laxer)
    assert applied_of(home, "policy").content["guardrails"]["personal"] == "off"
    start(home, laxer)
    used = next(one for one in approvals(home) if one.id == ticket.id)
    assert (used.used_by, used.decided_by) == ("os:alice", "os:bob")
    start_of = search_kinds(home)
    assert start_of[:2] == ["admin.settings.applied", "admin.approval.used"]


def search_kinds(home):
    with open_audit(home, site()) as audit:
        return [one.kind for one in search(audit.database, Filters()).records]


def test_a_site_file_cannot_take_the_rule_out_by_itself(home):
    start(home, site(BOTH))
    without = site({"guardrails": {"enabled": False}})
    with pytest.raises(ApprovalNeeded, match=r"approvals\.require"):
        start(home, without)
    agree(home, without, approvals(home)[0].id)
    start(home, without)
    start(home, site())  # now nobody else is needed


def test_asking_for_it_for_the_first_time_needs_it(home):
    start(home, site())
    with pytest.raises(ApprovalNeeded):
        start(home, site(BOTH))


def test_models_are_a_matter_of_their_own(home):
    start(home, site(BOTH))
    other = site(BOTH, {"models": {"general": {"package": "qwen3-8b"}}})
    with pytest.raises(ApprovalNeeded, match=r"models\.general\.package"):
        start(home, other)
    (ticket,) = approvals(home)
    assert ticket.kind == "model.switch"
    agree(home, other, ticket.id)
    start(home, other)


def test_both_groups_are_asked_for_at_once(home):
    start(home, site(BOTH))
    other = site(BOTH, {"models": {"general": {"package": "x"}}, "labels": {}, "audit": {"content": "full"}})
    with pytest.raises(ApprovalNeeded) as refused:
        start(home, other)
    first, second = approvals(home)
    assert {first.kind, second.kind} == {"policy.change", "model.switch"}
    assert all(ticket.id in str(refused.value) for ticket in (first, second))
    agree(home, other, first.id)
    with pytest.raises(ApprovalNeeded):
        start(home, other)
    assert {one.used_at for one in approvals(home)} == {None}
    agree(home, other, second.id)
    start(home, other)


def test_what_is_not_required_is_recorded_only(home):
    start(home, site())
    start(home, site({"guardrails": {"personal": "block"}}))
    assert applied_of(home, "policy").content == {"guardrails": {"personal": "block"}}
    assert approvals(home) == []


def fail_with(error, home, settings):
    with applying_settings(home, settings):
        assert applied_of(home, "policy").content["guardrails"] == {"personal": "off"}
        raise error


def test_a_start_that_fails_puts_everything_back(home):
    start(home, site(BOTH))
    other = site(BOTH, {"guardrails": {"personal": "off"}})
    with pytest.raises(ApprovalNeeded):
        start(home, other)
    agree(home, other, approvals(home)[0].id)
    for error in (StartFailed(_("{x}", x="no")), KeyboardInterrupt(), GeneratorExit()):
        with pytest.raises(type(error)):
            fail_with(error, home, other)
        assert "guardrails" not in applied_of(home, "policy").content
    start(home, site(BOTH))  # as it was: nobody is asked
    start(home, other)  # and the approval still stands
    with pytest.raises(ApprovalNeeded):
        start(home, site(BOTH))


def test_a_first_start_that_fails_leaves_nothing(home):
    with pytest.raises(StartFailed), applying_settings(home, site(BOTH)):
        raise StartFailed(_("{x}", x="no"))
    assert applied_of(home, "policy") is None
    start(home, site(BOTH, {"guardrails": {"personal": "off"}}))


# Lexicons


@pytest.fixture
def lexicon(tmp_path):
    path = tmp_path / "own.yaml"
    (tmp_path / "words.txt").write_text("内部代号\n", encoding="utf-8")
    path.write_text(
        "version: '1'\nextends: default\nlists: [{file: words.txt, category: own, tier: block}]\n", encoding="utf-8"
    )
    return path


def test_the_content_of_a_lexicon_is_part_of_the_policy(home, lexicon):
    settings = site(BOTH, {"guardrails": {"lexicon": str(lexicon)}})
    start(home, settings)
    start(home, settings)
    (lexicon.parent / "words.txt").write_text("别的\n", encoding="utf-8")
    with pytest.raises(ApprovalNeeded, match="lexicon_files"):
        start(home, settings)
    assert "别的" not in approvals(home)[0].payload
    with open_accounts(home, settings) as accounts:
        assert not allows_lexicon(accounts.database, str(lexicon), lexicon_digest(lexicon))
        (lexicon.parent / "words.txt").write_text("内部代号\n", encoding="utf-8")
        assert allows_lexicon(accounts.database, str(lexicon), lexicon_digest(lexicon))
        assert not allows_lexicon(accounts.database, "other.yaml", lexicon_digest(lexicon))


def test_a_lexicon_of_one_tenant_counts_too_and_a_wrong_one_is_told(home, lexicon):
    settings = site({"guardrails": {"tenants": {"north": {"lexicon": str(lexicon)}}}})
    assert list(settings_of(settings, "policy")["lexicon_files"]) == [str(lexicon)]
    assert "lexicon_files" not in settings_of(site(), "policy")
    lexicon.unlink()
    with pytest.raises(ConfigError):
        settings_of(settings, "policy")


def test_two_sets_of_files_never_have_one_digest(tmp_path):
    digests = set()
    for first, second in (("ab", "c"), ("a", "bc"), ("abc", "# c")):
        (tmp_path / "1.txt").write_text(first)
        (tmp_path / "2.txt").write_text(second)
        lists = "".join(f"  - {{file: {number}.txt, category: own, tier: block}}\n" for number in (1, 2))
        (tmp_path / "own.yaml").write_text(f"version: '1'\nlists:\n{lists}")
        digests.add(lexicon_digest(tmp_path / "own.yaml"))
    assert len(digests) == 3
    assert lexicon_digest(DEFAULT_FILE) == lexicon_digest(DEFAULT_FILE)


def test_secrets_in_addresses_are_not_shown():
    text = (
        "sign_in: {ldap: {url: 'ldap://app:geheim99@dir/', user_dn: 'uid={name}', rules: "
        "[{claim: g, value: v, tenant: default, role: caller}]}}"
    )
    after = settings_of(parse_site(text, "site.yaml"), "policy")
    shown = changed_settings({}, after)
    assert "geheim99" in json.dumps(after)
    assert "geheim99" not in json.dumps(shown)
    assert {one["setting"] for one in shown} >= {"sign_in.ldap.url", "sign_in.ldap.user_dn"}


def test_order_and_comments_do_not_count():
    one = parse_site("guardrails: {personal: block, injection: warn}\n# a comment\n", "a")
    other = parse_site("guardrails:\n  injection: warn\n  personal: block\n", "b")
    assert settings_of(one, "policy") == settings_of(other, "policy")


def test_up_starts_nothing_before_the_second_person_has_agreed(home, monkeypatch):
    no_build(monkeypatch)
    first = free_ports(13)
    ports = {"gateway": {"port": first + 12}, "cluster": {"port": first}}
    heads = []

    def start_supervisor(*_arguments, **_options):
        heads.append(applied_of(home, "policy").content)
        raise StartFailed(_("{x}", x="no Ray in a unit test"))

    monkeypatch.setattr(supervised, "start_supervisor", start_supervisor)
    start(home, site(BOTH, ports))
    laxer = site(BOTH, ports, {"guardrails": {"personal": "off"}})
    with pytest.raises(ApprovalNeeded, match=r"guardrails\.personal"):
        list(up.bring_up(home, laxer))
    assert heads == []
    assert not home.instance_file.exists()
    agree(home, laxer, approvals(home)[0].id)
    with pytest.raises(StartFailed):
        list(up.bring_up(home, laxer))
    assert [one["guardrails"] for one in heads] == [{"personal": "off"}]
    assert "guardrails" not in applied_of(home, "policy").content
    assert approvals(home)[0].used_at is None


RETENTION = {"approvals": {"require": ["retention.change"]}}


def test_how_long_held_answers_are_kept_needs_a_second_person_as_deleting_from_the_audit_does(home):
    start(home, site(RETENTION, {"reviews": {"keep_days": 90}}))
    assert applied_of(home, "retention").content == {"reviews": {"keep_days": 90}}
    shorter = site(RETENTION, {"reviews": {"keep_days": 1}})
    with pytest.raises(ApprovalNeeded, match=r"reviews\.keep_days"):
        start(home, shorter)
    (ticket,) = approvals(home)
    assert ticket.kind == "retention.change"
    assert json.loads(ticket.payload)["changes"] == [{"setting": "reviews.keep_days", "before": 90, "after": 1}]
    agree(home, shorter, ticket.id)
    start(home, shorter)
    assert applied_of(home, "retention").content == {"reviews": {"keep_days": 1}}


def test_other_approvals_leave_the_retention_alone(home):
    start(home, site(BOTH))
    start(home, site(BOTH, {"reviews": {"keep_days": 1}}))
    assert approvals(home) == []


def test_an_upgrade_compares_the_retention_with_its_default(home):
    start(home, site(RETENTION))
    with open_accounts(home, site()) as accounts, accounts.database.write() as connection:
        write_applied(connection, "retention", None)  # as an earlier version leaves it
    start(home, site(RETENTION))
    with pytest.raises(ApprovalNeeded, match=r"reviews\.keep_days"):
        start(home, site(RETENTION, {"reviews": {"keep_days": 1}}))
