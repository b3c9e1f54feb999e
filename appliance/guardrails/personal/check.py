"""The check for personal data, as the chain of guardrails runs it."""

from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.guardrails.personal.kinds import DEFAULT_POLICY, KINDS, Policy
from appliance.guardrails.personal.recognise import recognise
from appliance.guardrails.personal.spans import Span, settle
from appliance.guardrails.verdict import Finding

VERSION = "2026.11.2"
"""Of the recognisers; to be raised with each change of what they find."""
_PREFIX = "personal:"


class PersonalData:
    """Finds personal data and says per kind what is to be done; a kind that the policy leaves out is not looked for."""

    name = "personal"
    version = VERSION

    def __init__(self, policy: Policy | None = None) -> None:
        """Raises `ConfigError` for a kind that does not exist or a least score outside 0..1."""
        self.policy: Policy = DEFAULT_POLICY if policy is None else policy
        for kind, rule in self.policy.items():
            if kind not in KINDS:
                raise ConfigError(
                    _("There is no kind of personal data called {kind}.", kind=kind),
                    _("Known kinds: {kinds}.", kinds=", ".join(KINDS)),
                )
            if not 0 <= rule.least <= 1:
                raise ConfigError(
                    _("The least score of {kind} is {score}, outside 0 to 1.", kind=kind, score=rule.least),
                    _("0.5 is the usual value; a higher one finds less and errs less."),
                )

    def spans(self, text: str) -> list[Span]:
        """Return the places that the policy speaks about, in the order of the text and without overlaps."""
        found = recognise(text, tuple(kind for kind in KINDS if kind in self.policy))
        return settle(span for span in found if span.score >= self.policy[span.kind].least)

    def find(self, text: str) -> list[Finding]:
        """Return one finding for each place; its rule is `personal:KIND`."""
        return [
            Finding(
                f"{_PREFIX}{span.kind}", self.version, span.start, span.end, self.policy[span.kind].action, span.score
            )
            for span in self.spans(text)
        ]
