"""Who asks: what every check of access goes by."""

from dataclasses import dataclass
from typing import Final, Literal

PLATFORM_TENANT: Final = "default"
"""The head office, root of all tenants; its admins run the platform for all of them."""

Role = Literal["admin", "operator", "editor", "auditor", "caller"]
ROLES: Final[tuple[Role, ...]] = ("admin", "operator", "editor", "auditor", "caller")

Priority = Literal["interactive", "batch"]
PRIORITIES: Final[tuple[Priority, ...]] = ("interactive", "batch")
"""Classes of urgency, the higher first."""


def urgency(priority: Priority) -> int:
    """Return vLLM's number of a class: the lower runs first, whenever it came."""
    return PRIORITIES.index(priority)


_REACHING = frozenset({"admin", "operator", "auditor"})


@dataclass(frozen=True)
class Scopes:
    """The names that a key may use; None is every name, an empty set none."""

    models: frozenset[str] | None = None
    scenarios: frozenset[str] | None = None
    knowledge_bases: frozenset[str] | None = None


EVERYTHING: Final = Scopes()


@dataclass(frozen=True)
class Principal:
    """The holder of a key, or a person who has signed in."""

    tenant: str
    role: str
    key_id: str
    """The key's public part (`lma-…`); of a person the id of the user (`lmu-…`)."""
    scopes: Scopes = EVERYTHING
    descendants: frozenset[str] = frozenset()
    """Tenants below this one. Empty for the head office, which has all, and for roles that do not reach below."""
    user_id: str | None = None
    """The person that acts, or that the key belongs to."""
    priority: Priority = "interactive"
    networks: tuple[str, ...] = ()
    """Where the key may be used from (CIDR); empty is everywhere."""
    expires_at: str | None = None
    """When the key ends (RFC 3339)."""

    @property
    def is_platform_admin(self) -> bool:
        """Tell whether this key runs the platform."""
        return self.role == "admin" and self.tenant == PLATFORM_TENANT

    @property
    def names(self) -> frozenset[str]:
        """The names under which an access list may let this caller in."""
        return frozenset({f"tenant:{self.tenant}", f"role:{self.role}", f"key:{self.key_id}"})

    @property
    def tenants(self) -> frozenset[str] | None:
        """The tenants that this caller's permissions reach; None is all."""
        if not reaches_below(self.role):
            return frozenset({self.tenant})
        return None if self.tenant == PLATFORM_TENANT else self.descendants | {self.tenant}

    def reaches(self, tenant: str) -> bool:
        """Tell whether this caller's permissions reach `tenant`."""
        tenants = self.tenants
        return tenants is None or tenant in tenants


def reaches_below(role: str) -> bool:
    """Tell whether a role holds in the tenants below its own too."""
    return role in _REACHING
