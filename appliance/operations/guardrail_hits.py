"""What the guardrails found: counted by rule and action, and the newest requests in which they did, from the audit."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations.audit import find_records
from appliance.state.audit.records import Record
from appliance.state.audit.search import MOST_LISTED, Filters

HitAction = Literal["block", "review", "leave_out", "mask", "warn"]
HIT_ACTIONS: Final[tuple[HitAction, ...]] = get_args(HitAction)
"""What is done about a finding, the most severe first; `leave_out` is a block of a retrieved passage alone."""
MOST_PAGES: Final = 10
MOST_NEWEST: Final = 200
_FOUND_SOMETHING: Final = '"verdicts":[{'


@dataclass(frozen=True)
class RuleCount:
    """How often one rule spoke with one action."""

    rule: str
    action: str
    count: int


@dataclass(frozen=True)
class Hit:
    """One request in which something was found; `rules` are those of its severest action."""

    record: Record
    action: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Hits:
    """Counts of a time, the most frequent first, and its newest hits. `complete`: nothing of it is left out."""

    counts: tuple[RuleCount, ...]
    newest: tuple[Hit, ...]
    requests: Mapping[str, int]
    """Requests by their severest action."""
    complete: bool


def findings_of(data: str) -> tuple[tuple[str, str], ...]:
    """Return (rule, action) of every finding in the data of a record; nothing of data in another form."""
    try:
        verdicts = json.loads(data).get("verdicts", [])
        return tuple((str(one["rule"]), _action(one)) for one in verdicts)
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()


def _action(finding: Mapping[str, object]) -> str:
    """Return what was done: an answer without a forbidden passage is no blocked request."""
    action = str(finding["action"])
    return "leave_out" if action == "block" and finding.get("stage") == "retrieved" else action


def severest(actions: set[str]) -> str:
    """Return the severest of some actions; `pass` for none."""
    return next((action for action in HIT_ACTIONS if action in actions), "pass")


def hit_of(record: Record) -> Hit | None:
    """Return what was found in the request of a record, None for nothing."""
    findings = findings_of(record.data)
    action = severest({action for _rule, action in findings})
    if action == "pass":
        return None
    return Hit(record, action, tuple(dict.fromkeys(rule for rule, done in findings if done == action)))


def read_hits(home: Home, site: SiteConfig, since: str, tenant: str | None = None) -> Hits:
    """Return what was found since a time (as `parse_time` reads it), at all tenants or one. Raises as `find_records`.

    Of a long time at most the newest `MOST_PAGES` pages of records are read.
    """
    rules: Counter[tuple[str, str]] = Counter()
    requests: Counter[str] = Counter()
    newest: list[Hit] = []
    before: int | None = None
    for _page in range(MOST_PAGES):
        filters = Filters(tenant=tenant, since=since, text=_FOUND_SOMETHING)
        page = find_records(home, site, filters, before, MOST_LISTED)
        for record in page.records:
            rules.update(findings_of(record.data))
            if (hit := hit_of(record)) is not None:
                requests[hit.action] += 1
                newest.append(hit)
        before = page.before
        if before is None:
            break
    counts = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    return Hits(
        tuple(RuleCount(rule, action, count) for (rule, action), count in counts),
        tuple(newest[:MOST_NEWEST]),
        dict(requests),
        before is None,
    )
