"""The one HTTP connection of the terminal: the address, the key, and what every refusal means."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import BaseModel

from appliance.core.errors import (
    ApplianceError,
    AuthenticationFailed,
    Conflict,
    NotFound,
    NotRunning,
    PermissionDenied,
    RequestError,
    TooManyRequests,
    Unavailable,
)
from appliance.core.messages import _
from appliance.operations.gateway_trust import GatewayTrust, not_trusted, verified_by
from appliance.operations.gateways import START_IT, TRY_AGAIN

_TIMEOUT_S = 5.0
_Model = TypeVar("_Model", bound=BaseModel)
_REFUSALS: Mapping[int, type[RequestError]] = {404: NotFound, 409: Conflict, 429: TooManyRequests}


class HttpConnection:
    """Sends requests with a key: one that was given, or that of a file, read anew each time: keys get replaced."""

    def __init__(
        self,
        url: str,
        key: Path | str,
        language: str = "en",
        transport: httpx.AsyncBaseTransport | None = None,
        trust: GatewayTrust | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self.trust = trust
        self._key_file = key if isinstance(key, Path) else None
        self._given = "" if isinstance(key, Path) else key.strip()
        # Without trust_env a proxy for the outside world never sees the key.
        self._client = httpx.AsyncClient(
            timeout=_TIMEOUT_S,
            trust_env=False,
            headers={"Accept-Language": language.replace("_", "-")},
            transport=transport,
            verify=verified_by(trust),
        )

    @property
    def address(self) -> str:
        """The appliance's address."""
        return self._url

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        timeout_s: float = _TIMEOUT_S,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the answer, whatever its status.

        Raises `NotRunning`, `ConfigError` where it is not trusted, `Unavailable` or `AuthenticationFailed`.
        """
        key = self._given_key() if self._in_memory else await asyncio.to_thread(self._looked_up)
        sent = {**(headers or {}), "Authorization": f"Bearer {key}"}
        try:
            return await self._client.request(
                method, self._url + path, params=params, json=body, headers=sent, timeout=timeout_s
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise not_trusted(self._url, error) or NotRunning(
                _("No appliance answers at {url}.", url=self._url), START_IT
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                _("The appliance at {url} did not answer in time.", url=self._url),
                TRY_AGAIN,
            ) from error

    async def read(
        self,
        method: str,
        path: str,
        model: type[_Model],
        forbidden: PermissionDenied,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> _Model:
        """Return a successful answer as `model`. Raises what `send` does, and `refusal` for any other status."""
        response = await self.send(method, path, params=params, body=body, timeout_s=timeout_s)
        if not response.is_success:
            raise self.refusal(response, forbidden)
        try:
            return model.model_validate_json(response.content)
        except ValueError as error:
            raise self.not_understood() from error

    def refusal(self, response: httpx.Response, forbidden: PermissionDenied) -> ApplianceError:
        """Return the error for an answer that is not a success; `forbidden` is the one of a 403.

        A refusal of the request itself quotes the appliance's reason and keeps its code.
        """
        status = response.status_code
        if status == httpx.codes.UNAUTHORIZED:
            return AuthenticationFailed(
                _("The appliance refused the key in {file}.", file=self.key_file),
                _("Make a new one with `appliance key create`, and write it into that file."),
            )
        if status == httpx.codes.FORBIDDEN:
            return forbidden
        code, reason = error_of(response)
        if httpx.codes.is_client_error(status) and reason:
            kind = _REFUSALS.get(status, RequestError)
            return kind(_("The appliance refused: {reason}", reason=reason), code=code)
        if status == httpx.codes.NOT_FOUND:
            return self.not_understood()
        return Unavailable(
            _("The appliance at {url} answered with HTTP {status}.", url=self._url, status=status),
            _("It may still be starting; `appliance doctor` looks for faults."),
        )

    @property
    def key_file(self) -> Path | str:
        """What people know the key by: the file that holds it, or the option that it was given with."""
        return self._key_file or "--key"

    def key(self) -> str:
        """Return the key as it is now, for who asks over a connection of their own. Raises `AuthenticationFailed`.

        It may read a file: call it in a thread.
        """
        return self._given_key() if self._key_file is None else self._read_key(self._key_file)

    def not_understood(self) -> Unavailable:
        """Return the error for an answer that has not the form of this version."""
        return Unavailable(
            _("What answers at {url} is not an appliance of this version.", url=self._url),
            _("Check gateway.port in the site file, and `appliance --version` on both sides."),
        )

    @property
    def _in_memory(self) -> bool:
        """Whether nothing is read from the disk for a request."""
        return self._key_file is None and self.trust is None

    def _looked_up(self) -> str:
        """Read certificates and key. It is done in a thread: a disk that hangs does not stop the screen."""
        if self.trust is not None:
            self.trust.look()
        return self.key()

    def _given_key(self) -> str:
        return self._checked(self._given)

    def _read_key(self, file: Path) -> str:
        """Read the file: call it in a thread."""
        try:
            key = file.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise AuthenticationFailed(
                _("The key in {file} cannot be read.", file=file),
                _("Start the appliance once with `appliance up`, or name another file with --key-file."),
            ) from error
        return self._checked(key)

    def _checked(self, key: str) -> str:
        if not key or not key.isascii() or not key.isprintable():
            raise AuthenticationFailed(
                _("The key in {file} cannot be read.", file=self.key_file),
                _("The file must hold one key and nothing else."),
            )
        return key


def error_of(response: httpx.Response) -> tuple[str | None, str]:
    """Return code and message of an error in OpenAI's shape; None and an empty text where it has another."""
    try:
        error = response.json()["error"]
        code, message = error["code"], error["message"]
    except (ValueError, KeyError, TypeError):
        return None, ""
    return (code if isinstance(code, str) else None), message if isinstance(message, str) else ""
