"""Checks that fail closed: one that cannot run blocks what it was to judge."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from appliance.guardrails.verdict import Action, Check, Finding

_log = structlog.get_logger(__name__)

_CHAIN, _FAILED = "chain:", "/failed"


class Guarded:
    """A check as the chain runs it: it never raises, and its findings have the action of the policy."""

    def __init__(self, check: Check, action: Action | None = None) -> None:
        """Without `action` the findings keep their own."""
        self._check = check
        self._action = action
        self.name = check.name
        self.version = check.version

    def find(self, text: str) -> list[Finding]:
        """Return what the check finds; one that raises finds the whole text, to be blocked."""
        try:
            found = self._check.find(text)
        except Exception as error:  # noqa: BLE001 - plug-in boundary: whatever fails in a check, nothing passes
            return [failure(self.name, self.version, error, len(text))]
        if self._action is None:
            return found
        return [replace(one, action=self._action) for one in found]


class Together:
    """Several guarded checks as one."""

    name = "together"

    def __init__(self, checks: Sequence[Guarded]) -> None:
        self._checks = tuple(checks)
        self.version = " ".join(check.version for check in self._checks)

    def find(self, text: str) -> list[Finding]:
        """Return what all of them find, in the order of the checks."""
        return [one for check in self._checks for one in check.find(text)]


def is_failure(finding: Finding) -> bool:
    """Tell whether a finding says that its check could not run."""
    return finding.rule.startswith(_CHAIN) and finding.rule.endswith(_FAILED)


def failure(name: str, version: str, error: Exception, end: int, start: int = 0) -> Finding:
    """Log that a check failed and return the finding that blocks; an error's text may quote what was read."""
    _log.error("guardrail_check_failed", check=name, version=version, error=type(error).__name__)
    return Finding(f"{_CHAIN}{name}{_FAILED}", version, start, end, "block")
