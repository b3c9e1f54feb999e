"""The one chain of guardrails: loaded once in a process, asked by every path that reaches a model."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from appliance.config.site import GuardrailSettings
from appliance.core.garbage import not_collecting
from appliance.core.protocols import Embedder
from appliance.guardrails.classify import topics
from appliance.guardrails.classify.folding import fold
from appliance.guardrails.classify.injection import InjectionClassifier, InjectionRules
from appliance.guardrails.classify.rules import load_rules
from appliance.guardrails.guarded import Guarded
from appliance.guardrails.lexicon import DEFAULT_FILE, ReloadingLexicon
from appliance.guardrails.lexicon.reloading import Allowed
from appliance.guardrails.outcome import Released, Verdict
from appliance.guardrails.personal import kinds
from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.policy import Policy, policy_for
from appliance.guardrails.remembered import Remembered
from appliance.guardrails.request_guard import Checks, RequestGuard
from appliance.guardrails.verdict import Action, Check, Finding

__all__ = ["Chain", "Released", "RequestGuard", "Verdict"]

_SURE_NAME = 0.75  # in answers, where names of authors and offices are usual
_WARM_UP = "Dear Ms Jane Miller, call +44 20 7946 0958. 张伟，电话13800138000，住北京市海淀区中关村大街1号。"


class Chain:
    """All checks that the site's settings ask for, and what holds for each tenant. Safe to use from many threads."""

    def __init__(self, settings: GuardrailSettings, embedder: Embedder | None, allowed: Allowed | None = None) -> None:
        """Load what is needed: a second or two, blocking. Without an embedder classifiers are left out, rules stay.

        `allowed` tells which content of the site's own lexicon files may be used; None: any.
        Raises `ConfigError` for a lexicon that cannot be used, `Unavailable` where weights do not fit the embedder.
        """
        self._everyone = policy_for(settings)
        self._policies = {tenant: policy_for(settings, tenant) for tenant in settings.tenants}
        policies = {policy for policy in (self._everyone, *self._policies.values()) if policy.enabled}
        paths = {policy.lexicon for policy in policies}
        with not_collecting():  # it would take a third of the time
            self._lexicons = {path: ReloadingLexicon(_file(path), allowed) for path in paths}
            self._shared = _Shared(policies, embedder)
        self._checks = {policy: self._shared.checks(policy) for policy in policies}

    def versions(self) -> dict[str, str]:
        """Return the version of each part in use, and of each tenant's policy that differs, by name."""
        lexicons = {
            "lexicon" if path == self._everyone.lexicon else f"lexicon:{path or 'shipped'}": lexicon.version
            for path, lexicon in self._lexicons.items()
        }
        tenants = {f"policy:{tenant}": policy.version for tenant, policy in self._policies.items()}
        return {"policy": self._everyone.version, **tenants, **lexicons, **self._shared.versions()}

    def refresh(self) -> bool:
        """Take over lexicon files that changed; a wrong one leaves the last good one in use. True: some changed."""
        changed = [lexicon.refresh() for lexicon in self._lexicons.values()]  # all of them, not up to the first
        return any(changed)

    def request(self, tenant: str) -> RequestGuard:
        """Begin a request of `tenant`."""
        policy = self._policies.get(tenant, self._everyone)
        if not policy.enabled:
            return RequestGuard(policy, Checks(), None)
        return RequestGuard(policy, self._checks[policy], self._lexicons[policy.lexicon].lexicon)


class _Shared:
    """The heavy parts that several policies share."""

    def __init__(self, policies: Iterable[Policy], embedder: Embedder | None) -> None:
        injection = any(policy.injection != "off" for policy in policies)
        embedder = embedder if any(policy.classifier != "off" for policy in policies) else None
        self._rules = InjectionRules("input") if injection else None
        self._retrieved: list[Check] = [Remembered(InjectionRules("retrieved"))] if injection else []
        self._classifier = Remembered(InjectionClassifier(embedder, "input")) if injection and embedder else None
        if injection and embedder:
            self._retrieved.append(Remembered(InjectionClassifier(embedder, "retrieved")))
        self._topics: Check | None = None
        if any(policy.topics != "off" for policy in policies):
            self._topics = topics.TopicCheck(embedder, "output") if embedder else _TopicRules()
        self._personal = any(policy.personal != "off" for policy in policies)
        for check in self._loaded():
            check.find(_WARM_UP)

    def versions(self) -> dict[str, str]:
        return {check.name: check.version for check in self._loaded()}

    def checks(self, policy: Policy) -> Checks:
        """Return what one policy asks for."""
        personal = foreign = None
        if policy.personal != "off":
            personal = PersonalData(_personal_rules(policy.personal))
            foreign = PersonalData(_personal_rules(policy.personal, least_name=_SURE_NAME))
        injection, topic = policy.injection, policy.topics
        return Checks(
            personal,
            foreign,
            Guarded(self._rules, injection) if self._rules and injection != "off" else None,
            Guarded(self._classifier, policy.classifier) if self._classifier and policy.classifier != "off" else None,
            tuple(Guarded(check, injection) for check in self._retrieved) if injection != "off" else (),
            Guarded(self._topics, topic) if self._topics and topic != "off" else None,
        )

    def _loaded(self) -> Iterator[Check]:
        if self._personal:
            yield PersonalData()
        for check in (self._rules, self._classifier, self._topics):
            if check is not None:
                yield check


class _TopicRules:
    """The written rules of the forbidden topics, where there is no embedder for the classifiers."""

    name = topics.TopicCheck.name

    def __init__(self) -> None:
        self._rules = load_rules(topics.RULES)
        self.version = self._rules.version

    def find(self, text: str) -> list[Finding]:
        """Return what the rules find, in the order of the text."""
        found = [
            Finding(f"topic:{hit.rule.path}", self.version, hit.start, hit.end, "block")
            for hit in self._rules.find(fold(text), "output")
        ]
        return sorted(found, key=lambda one: (one.start, one.end, one.rule))


def _personal_rules(mode: Literal["warn", "mask", "block"], least_name: float | None = None) -> kinds.Policy:
    """Return what is done about each kind: kinds that only warn by default always only warn."""
    rules: dict[kinds.Kind, kinds.Rule] = {}
    for kind, rule in kinds.DEFAULT_POLICY.items():
        action: Action = rule.action if rule.action == "warn" else mode
        rules[kind] = replace(rule, action=action)
    if least_name is not None:
        rules["person"] = replace(rules["person"], least=least_name)
    return rules


def _file(path: str | None) -> Path:
    return DEFAULT_FILE if path is None else Path(path)
