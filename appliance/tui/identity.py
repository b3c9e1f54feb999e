"""Who reads the terminal: the role and permissions of the key that it sends."""

from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel, ConfigDict

from appliance.core.errors import PermissionDenied
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.tui.connection import HttpConnection


class Who(BaseModel):
    """What the appliance says of a key."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: str
    role: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Tell whether the key has a permission, such as `scenario.supervise`."""
        return permission in self.permissions


class IdentitySource(Protocol):
    """Tells who reads."""

    async def read(self) -> Who:
        """Return it as it is now. Raises `ApplianceError` with what to do."""
        ...


class HttpIdentitySource:
    """Reads `GET /v1/auth/me`."""

    def __init__(self, connection: "HttpConnection") -> None:
        self._connection = connection

    async def read(self) -> Who:
        """Return it as it is now."""
        forbidden = PermissionDenied(
            _("The key in {file} may not use the appliance from here.", file=self._connection.key_file),
            _("Use a key without limits on networks, or one for this network."),
        )
        return await self._connection.read("GET", "/v1/auth/me", Who, forbidden)
