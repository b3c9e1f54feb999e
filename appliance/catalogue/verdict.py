"""A plan in a few lines: does each model fit, is the level reached, why not, and what would do."""

from dataclasses import dataclass

from appliance.catalogue.plan import Change, Placement, Plan, Refusal
from appliance.core.messages import Message, _, one_or_many


@dataclass(frozen=True)
class Verdict:
    """What is to be said first of one model."""

    good: bool
    line: Message
    reason: Message | None = None
    changes: tuple[Change, ...] = ()


def asked(plan: Plan) -> Message:
    """Return the service level in a sentence: a reader who gave none should know what was assumed."""
    level = plan.level
    users = _("as many users as there can be") if level.users is None else _users(level.users)
    return _(
        "Asked: first token within {ttft} ms, {speed} tokens/s for each user, prompts of {prompt} tokens, answers of "
        "{answer}, {users}.",
        ttft=round(level.ttft_ms), speed=round(level.tokens_per_s, 1), prompt=level.prompt_tokens,
        answer=level.answer_tokens, users=users,
    )  # fmt: skip


def verdicts(plan: Plan) -> tuple[Verdict, ...]:
    """Return one for each model, what cannot be served first."""
    found = [*map(_of_refusal, plan.refusals), *map(_of_placement, plan.placements)]
    return tuple(sorted(found, key=lambda verdict: verdict.good))


def _of_refusal(refusal: Refusal) -> Verdict:
    return Verdict(False, _("{alias}: fits here: no", alias=refusal.alias), refusal.reason, refusal.changes)


def _of_placement(placed: Placement) -> Verdict:
    alias = placed.alias
    if placed.shortfall is not None:
        line = _("{alias}: fits in memory: yes; service level: no", alias=alias)
        return Verdict(False, line, placed.shortfall, placed.changes)
    if placed.entry.kind != "chat":
        return Verdict(True, _("{alias}: fits in memory: yes", alias=alias))
    if placed.users is None:
        return Verdict(True, _("{alias}: fits in memory: yes; service level: unknown", alias=alias))
    line = _("{alias}: fits in memory: yes; service level: yes, for {users} at once",
             alias=alias, users=_users(placed.users))  # fmt: skip
    return Verdict(True, line)


def _users(count: int) -> Message:
    return one_or_many(count, _("1 user"), _("{count} users", count=count))
