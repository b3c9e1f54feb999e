"""What is done about each kind of finding for one tenant."""

import hashlib
from dataclasses import dataclass, fields

from appliance.config.site import CheckMode, GuardrailSettings, PersonalMode


@dataclass(frozen=True)
class Policy:
    """The guardrail settings that hold for one tenant; the names are those of the site file."""

    enabled: bool = True
    lexicon: str | None = None
    personal: PersonalMode = "mask"
    reversible: bool = True
    injection: CheckMode = "block"
    classifier: CheckMode = "off"
    topics: CheckMode = "warn"
    review: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """A short hash; equal settings have an equal one."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]


def policy_for(settings: GuardrailSettings, tenant: str | None = None) -> Policy:
    """Return what holds for `tenant`; for one the settings do not name, and for None, what holds for all."""
    override = settings.tenants.get(tenant) if tenant is not None else None
    chosen = {}
    for name in (field.name for field in fields(Policy)):
        own = getattr(override, name, None)
        chosen[name] = getattr(settings, name) if own is None else own
    return Policy(**chosen)
