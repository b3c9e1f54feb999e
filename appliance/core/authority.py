"""What each role may do, and the one question that every route asks: `authorize`.

What is not in `PERMISSIONS` is forbidden. A thing of a tenant that the caller's permissions do not reach, and a
knowledge base outside the key's scopes, are as if they were not there (404); everything else that is refused is a 403.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.core.errors import ApplianceError, NotFound, PermissionDenied
from appliance.core.messages import Message, _
from appliance.core.networks import covers
from appliance.core.principal import (
    EVERYTHING,
    PLATFORM_TENANT,
    PRIORITIES,
    Principal,
    Priority,
    Role,
    Scopes,
    reaches_below,
)


class Permission(StrEnum):
    """One thing that a caller may be allowed to do."""

    CHAT = "chat"
    """Chat and completions."""
    EMBED = "embed"
    SCENARIO_ASK = "scenario.ask"
    """Use a scenario, with one's own conversations and feedback in it."""
    SCENARIO_SUPERVISE = "scenario.supervise"
    """Read in a scenario what others of the tenant do there: their calls, figures of them, exports."""
    BATCH_RUN = "batch.run"
    KNOWLEDGE_READ = "knowledge.read"
    """List, read and search knowledge bases, as far as their access lists go."""
    KNOWLEDGE_WRITE = "knowledge.write"
    """Add, change and delete documents; the bank's own terms."""
    KNOWLEDGE_MANAGE = "knowledge.manage"
    """Make, share and delete knowledge bases."""
    KNOWLEDGE_REVIEW = "knowledge.review"
    """Feedback of others, golden questions."""
    REVIEW_DECIDE = "review.decide"
    """Release or withhold what a check has set aside."""
    APPROVALS_DECIDE = "approvals.decide"
    """The second pair of eyes on a change."""
    KEYS_MANAGE = "keys.manage"
    USERS_MANAGE = "users.manage"
    TENANTS_MANAGE = "tenants.manage"
    POLICY_READ = "policy.read"
    POLICY_WRITE = "policy.write"
    USAGE_READ = "usage.read"
    AUDIT_READ = "audit.read"
    STATUS_READ = "status.read"
    MODELS_MANAGE = "models.manage"
    CLUSTER_MANAGE = "cluster.manage"


_USE = frozenset(
    {
        Permission.CHAT,
        Permission.EMBED,
        Permission.SCENARIO_ASK,
        Permission.BATCH_RUN,
        Permission.KNOWLEDGE_READ,
    }
)
PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    "admin": frozenset(Permission),
    "operator": frozenset({Permission.STATUS_READ, Permission.MODELS_MANAGE, Permission.CLUSTER_MANAGE}),
    "editor": _USE | {Permission.KNOWLEDGE_WRITE, Permission.KNOWLEDGE_REVIEW, Permission.SCENARIO_SUPERVISE},
    "auditor": frozenset({Permission.AUDIT_READ, Permission.USAGE_READ, Permission.SCENARIO_SUPERVISE}),
    "caller": _USE,
}
PLATFORM_PERMISSIONS: Final = frozenset({Permission.STATUS_READ, Permission.MODELS_MANAGE, Permission.CLUSTER_MANAGE})
"""What touches the machines of all tenants: for the head office only."""


def permissions_of(role: str) -> frozenset[Permission]:
    """Return what a role may do; an unknown role nothing."""
    return next((allowed for name, allowed in PERMISSIONS.items() if name == role), frozenset())


def authorize(
    who: Principal,
    permission: Permission,
    *,
    tenant: str | None = None,
    model: str | None = None,
    scenario: str | None = None,
    knowledge_base: str | None = None,
    missing: ApplianceError | None = None,
) -> None:
    """Return where `who` may do this with a thing of `tenant` (by default their own); raise otherwise.

    `missing` is the error for a thing that does not exist: what `who` must not know of looks the same.
    Raises `PermissionDenied`, `NotFound`.
    """
    denied = _denial(who, permission)
    if denied is not None:
        raise denied
    if not who.reaches(who.tenant if tenant is None else tenant) or _outside(
        who.scopes.knowledge_bases, knowledge_base
    ):
        raise missing or NotFound(_("There is no such thing here."), _("Check its name; it may belong to others."))
    for kind, allowed, name in (("model", who.scopes.models, model), ("scenario", who.scopes.scenarios, scenario)):
        if _outside(allowed, name):
            raise PermissionDenied(
                _("This key may not use {name}.", name=name),
                _("Its scopes do not hold it; ask an administrator for a key that does."),
                param=kind,
            )


def may(
    who: Principal,
    permission: Permission,
    *,
    tenant: str | None = None,
    model: str | None = None,
    scenario: str | None = None,
    knowledge_base: str | None = None,
) -> bool:
    """Tell whether `authorize` would let `who` do this."""
    return (
        _denial(who, permission) is None
        and _reaches(who, tenant)
        and not _outside(who.scopes.models, model)
        and not _outside(who.scopes.scenarios, scenario)
        and not _outside(who.scopes.knowledge_bases, knowledge_base)
    )


def _denial(who: Principal, permission: Permission) -> PermissionDenied | None:
    if permission not in permissions_of(who.role):
        return PermissionDenied(
            _("The role {role} does not allow {permission}.", role=who.role, permission=permission.value),
            _("Ask an administrator for a key whose role does."),
            details={"permission": permission.value},
        )
    if permission in PLATFORM_PERMISSIONS and who.tenant != PLATFORM_TENANT:
        return PermissionDenied(
            _("{permission} is for the head office only.", permission=permission.value),
            _("Ask its administrators."),
            details={"permission": permission.value},
        )
    return None


def _reaches(who: Principal, tenant: str | None) -> bool:
    return tenant is None or who.reaches(tenant)


def _outside(allowed: frozenset[str] | None, name: str | None) -> bool:
    return name is not None and allowed is not None and name not in allowed


@dataclass(frozen=True)
class Grants:
    """What a key or a user is to be given. `expires_at` is RFC 3339; None is never."""

    role: str
    tenant: str
    scopes: Scopes = EVERYTHING
    networks: tuple[str, ...] = ()
    expires_at: str | None = None
    priority: Priority = "interactive"


def is_within(parent: Principal, child: Grants) -> bool:
    """Tell whether `child` can do nothing that `parent` cannot."""
    return _excess(parent, child) is None


def check_within(parent: Principal, child: Grants) -> None:
    """Raise `PermissionDenied` where `child` would be stronger than `parent`; `param` names what goes too far."""
    found = _excess(parent, child)
    if found is not None:
        param, reason = found
        raise PermissionDenied(
            _("Nobody can give more than they have: {reason}.", reason=reason),
            _("Give less, or ask an administrator who has it."),
            param=param,
            code="stronger_than_parent",
        )


def _excess(parent: Principal, child: Grants) -> tuple[str, Message] | None:
    if not role_covers(parent.role, child.role):
        return "role", _("the role {role} is stronger than {own}", role=child.role, own=parent.role)
    if not parent.reaches(child.tenant):
        return "tenant", _("the tenant {tenant} is not below {own}", tenant=child.tenant, own=parent.tenant)
    for kind in ("models", "scenarios", "knowledge_bases"):
        own, wanted = getattr(parent.scopes, kind), getattr(child.scopes, kind)
        if own is not None and (wanted is None or not wanted <= own):
            return kind, _("{kind} may be {names} only", kind=kind, names=", ".join(sorted(own)) or "-")
    if not covers(parent.networks, child.networks):
        return "networks", _("networks must lie in {networks}", networks=", ".join(parent.networks))
    if parent.expires_at is not None and (child.expires_at is None or child.expires_at > parent.expires_at):
        return "expires_at", _("it must end by {moment}", moment=parent.expires_at)
    if PRIORITIES.index(child.priority) < PRIORITIES.index(parent.priority):
        return "priority", _("its priority can only be {priority}", priority=parent.priority)
    return None


def role_covers(role: str, other: str) -> bool:
    """Tell whether `role` may do, and as far down, whatever `other` may."""
    deep_enough = reaches_below(role) or not reaches_below(other)
    return deep_enough and permissions_of(other) <= permissions_of(role)
