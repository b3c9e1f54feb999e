"""Where the screens' readings come from: the only file here that speaks HTTP."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

import httpx

from appliance.core.errors import ApplianceError, AuthenticationFailed, NotRunning, PermissionDenied, Unavailable
from appliance.core.messages import _
from appliance.core.status import ApplianceStatus

_TIMEOUT_S = 5.0


class StatusSource(Protocol):
    """Gives the appliance's status; recorded ones stand in for it in tests."""

    @property
    def address(self) -> str:
        """Where the readings come from, as shown to people."""
        ...

    async def read(self) -> ApplianceStatus:
        """Return the status now. Raises `ApplianceError` with what to do."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class HttpStatusSource:
    """Reads `GET /v1/appliance/status` with the key in `key_file`, which is read anew each time: keys get replaced."""

    def __init__(self, url: str, key_file: Path) -> None:
        self._url = url.rstrip("/")
        self._key_file = key_file
        # Without trust_env a proxy for the outside world never sees the key.
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)

    @property
    def address(self) -> str:
        """The appliance's address."""
        return self._url

    async def read(self) -> ApplianceStatus:
        """Return the status now. Raises `NotRunning`, `AuthenticationFailed`, `PermissionDenied` or `Unavailable`."""
        headers = {"Authorization": f"Bearer {self._key()}"}
        try:
            response = await self._client.get(f"{self._url}/v1/appliance/status", headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotRunning(
                _("No appliance answers at {url}.", url=self._url), _("Start it with `appliance up`.")
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                _("The appliance at {url} did not answer in time.", url=self._url),
                _("See `appliance status`, then try again."),
            ) from error
        if response.status_code != httpx.codes.OK:
            raise self._refusal(response.status_code)
        try:
            status = ApplianceStatus.model_validate_json(response.content)
            datetime.fromisoformat(status.taken_at)  # rates are computed from it
        except ValueError as error:
            raise self._not_understood() from error
        return status

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _key(self) -> str:
        try:
            key = self._key_file.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise AuthenticationFailed(
                _("The key in {file} cannot be read.", file=self._key_file),
                _("Start the appliance once with `appliance up`, or name another file with --key-file."),
            ) from error
        if not key.isprintable():
            raise AuthenticationFailed(
                _("The key in {file} cannot be read.", file=self._key_file),
                _("The file must hold one key and nothing else."),
            )
        return key

    def _refusal(self, status: int) -> ApplianceError:
        if status == httpx.codes.UNAUTHORIZED:
            return AuthenticationFailed(
                _("The appliance refused the key in {file}.", file=self._key_file),
                _("Make a new one with `appliance key create`, and write it into that file."),
            )
        if status == httpx.codes.FORBIDDEN:
            return PermissionDenied(
                _("The key in {file} may not see the appliance's status.", file=self._key_file),
                _("Use an admin key."),
            )
        if status == httpx.codes.NOT_FOUND:
            return self._not_understood()
        return Unavailable(
            _("The appliance at {url} answered with HTTP {status}.", url=self._url, status=status),
            _("It may still be starting; `appliance doctor` looks for faults."),
        )

    def _not_understood(self) -> Unavailable:
        return Unavailable(
            _("What answers at {url} is not an appliance of this version.", url=self._url),
            _("Check gateway.port in the site file, and `appliance --version` on both sides."),
        )
