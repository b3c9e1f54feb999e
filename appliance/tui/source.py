"""Where the overview's readings come from."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from appliance.core.errors import ApplianceError, PermissionDenied
from appliance.core.messages import _
from appliance.tui.deferred import later

if TYPE_CHECKING:
    import httpx

    from appliance.core.status import ApplianceStatus
    from appliance.operations.gateway_trust import GatewayTrust
    from appliance.tui.calls_source import CallsSource
    from appliance.tui.capacity_source import CapacitySource
    from appliance.tui.connection import HttpConnection
    from appliance.tui.governance_source import GovernanceSource
    from appliance.tui.identity import IdentitySource
    from appliance.tui.knowledge_source import KnowledgeSource
    from appliance.tui.local import Local
    from appliance.tui.models_source import ModelsSource
    from appliance.tui.reviews_source import ReviewsSource
    from appliance.tui.scenarios_source import ScenariosSource


class StatusSource(Protocol):
    """Gives the appliance's status; recorded ones stand in for it in tests."""

    @property
    def address(self) -> str:
        """Where the readings come from, as shown to people."""
        ...

    async def read(self) -> "ApplianceStatus":
        """Return the status now. Raises `ApplianceError` with what to do."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class HttpStatusSource:
    """Reads `GET /v1/appliance/status`."""

    def __init__(self, connection: "HttpConnection", address: str | None = None) -> None:
        self._connection = connection
        self._address = address

    @property
    def address(self) -> str:
        """The appliance's address."""
        return self._address or self._connection.address

    async def read(self) -> "ApplianceStatus":
        """Return the status now. Raises `NotRunning`, `AuthenticationFailed`, `PermissionDenied` or `Unavailable`."""
        response = await self._connection.send("GET", "/v1/appliance/status")
        if response.status_code != HTTPStatus.OK:
            raise self._refusal(response)
        from appliance.core.status import ApplianceStatus

        try:
            status = ApplianceStatus.model_validate_json(response.content)
            datetime.fromisoformat(status.taken_at)  # rates are computed from it
        except ValueError as error:
            raise self._connection.not_understood() from error
        return status

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    def _refusal(self, response: "httpx.Response") -> ApplianceError:
        if response.status_code == HTTPStatus.NOT_FOUND:
            return self._connection.not_understood()
        forbidden = PermissionDenied(
            _("The key in {file} may not see the appliance's status.", file=self._connection.key_file),
            _("The other screens have what this key may see. Operators and administrators see the status."),
        )
        return self._connection.refusal(response, forbidden)


@dataclass(frozen=True)
class Sources:
    """Where each screen's data come from; a screen that needs other data adds its source here."""

    status: "StatusSource"
    reviews: "ReviewsSource"
    calls: "CallsSource"
    identity: "IdentitySource"
    local: "Local | None" = None
    """The home of the appliance on this machine; None where the terminal looks at it from elsewhere."""
    models: "ModelsSource | None" = None
    scenarios: "ScenariosSource | None" = None
    knowledge: "KnowledgeSource | None" = None
    capacity: "CapacitySource | None" = None
    """What is known and done beside the appliance alone; None elsewhere."""
    governance: "GovernanceSource | None" = None

    @classmethod
    def over_http(
        cls, url: str, key: Path | str, language: str, local: "Local | None" = None, trust: "GatewayTrust | None" = None
    ) -> Self:
        """Return the sources of the appliance at `url`; all share one connection, which `status` closes."""
        connection = later("connection", "HttpConnection", url, key, language, trust=trust)
        return cls(
            HttpStatusSource(connection, url.rstrip("/")),
            later("reviews_source", "HttpReviewsSource", connection),
            later("calls_source", "HttpCallsSource", connection),
            later("identity", "HttpIdentitySource", connection),
            local,
            models=later("models_source", "HttpModelsSource", connection, local),
            scenarios=later("scenarios_source", "HttpScenariosSource", connection),
            knowledge=later("knowledge_source", "HttpKnowledgeSource", connection),
            capacity=None if local is None else later("capacity_source", "capacity_of", local),
            governance=later("governance_source", "HttpGovernanceSource", connection, local, language),
        )
