"""Who asks: what every check of access goes by."""

from dataclasses import dataclass

PLATFORM_TENANT = "default"
"""Tenant of the keys made at the first start; its admins run the platform for all tenants."""


@dataclass(frozen=True)
class Principal:
    """The holder of a key. `key_id` is the key's public part."""

    tenant: str
    role: str
    key_id: str

    @property
    def is_platform_admin(self) -> bool:
        """Tell whether this key runs the platform."""
        return self.role == "admin" and self.tenant == PLATFORM_TENANT

    @property
    def names(self) -> frozenset[str]:
        """The names under which an access list may let this caller in."""
        return frozenset({f"tenant:{self.tenant}", f"role:{self.role}", f"key:{self.key_id}"})
