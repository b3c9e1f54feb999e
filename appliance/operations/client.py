"""The running appliance over its HTTP API, for both front ends. Failures come back as the error tree."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import (
    ApplianceError,
    AuthenticationFailed,
    BodyTooLarge,
    ConfigError,
    InvalidRequest,
    NotFound,
    NotRunning,
    PermissionDenied,
    RequestError,
    TooManyRequests,
    Unavailable,
    Unsupported,
)
from appliance.core.messages import _, current_language
from appliance.core.status import ApplianceStatus
from appliance.operations.gateway_trust import GatewayTrust, not_trusted, trust_of, verified_by
from appliance.operations.gateways import START_IT, TRY_AGAIN, gateway_urls, says_head_away
from appliance.operations.knowledge_client import KnowledgeClient

_CONNECT_TIMEOUT_S = 5.0
_ANSWER_TIMEOUT_S = 600.0

_REFUSALS: Mapping[int, type[RequestError]] = {
    400: InvalidRequest,
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    413: BodyTooLarge,
    415: Unsupported,
    422: InvalidRequest,
    429: TooManyRequests,
}

Json = dict[str, Any]
Form = Mapping[str, str | list[str]]


def read_admin_key(home: Home) -> str:
    """Return the admin key of `home`. Raises `NotRunning` where there is none yet, `ConfigError` if unreadable."""
    path = home.admin_key_file
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise NotRunning(
            _("There is no admin key in {path}: the appliance was never started from this home.", path=path),
            _("Start it with `appliance up`, or name its home with --home."),
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            _("The admin key in {path} cannot be read.", path=path),
            _("Run the command as the user who started the appliance."),
        ) from error


class ApplianceClient:
    """Calls the gateway with one key. A context manager; methods raise the error tree.

    Of several gateways it stays with the first that takes its requests; one that was not reached, or says that it does
    not reach the head, has done nothing of a request, which then goes to the next.
    `NotRunning`: nothing answers at the address. `ConfigError`: what answers there is not to be trusted.
    `RequestError` and its kind: the gateway refused.
    `Unavailable`: it could not serve the request now, or answered what this version does not understand.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        others: Sequence[str] = (),
        trust: GatewayTrust | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = _ANSWER_TIMEOUT_S,
    ) -> None:
        self._own = url
        self._trust = trust
        self._urls = [url, *others]
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {key}", "Accept-Language": current_language().replace("_", "-")},
            timeout=httpx.Timeout(timeout_s, connect=_CONNECT_TIMEOUT_S),
            trust_env=False,  # a proxy for the outside must not carry keys and documents
            verify=verified_by(trust),
            transport=transport,
        )

    @classmethod
    def for_home(cls, home: Home, site: SiteConfig, timeout_s: float = _ANSWER_TIMEOUT_S) -> Self:
        """Return a client of the appliance in `home`, with its admin key."""
        own, *others = gateway_urls(home, site)
        return cls(own, read_admin_key(home), others=others, trust=trust_of(home, site), timeout_s=timeout_s)

    @property
    def url(self) -> str:
        """Address of the gateway that answers."""
        return self._urls[0]

    @property
    def elsewhere(self) -> bool:
        """Whether another gateway answers than the one that was named first."""
        return self.url != self._own

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def status(self) -> ApplianceStatus:
        """Return the state of nodes, models and scenarios."""
        body = self.call("GET", "/v1/appliance/status")
        try:
            return ApplianceStatus.model_validate(body)
        except ValidationError as error:
            raise _not_understood(self.url) from error

    def models(self) -> list[Json]:
        """Return the models: `id`, `kind`, `context_length`, `languages`, `package`."""
        return self.rows("/v1/models")

    def scenarios(self) -> list[Json]:
        """Return the scenarios: `name`, `version`, `title` by language, `description`, `state`, `actions`."""
        return self.rows("/v1/scenarios")

    def run_scenario(self, name: str, action: str, payload: Json) -> Json:
        """Run an action of a scenario; return its answer."""
        return self.call("POST", f"/v1/scenarios/{quote(name, safe='')}/{quote(action, safe='')}", body=payload)

    def chat(self, model: str, question: str, max_tokens: int) -> str:
        """Return a chat model's whole answer to one question."""
        body = {"model": model, "messages": [{"role": "user", "content": question}], "max_tokens": max_tokens}
        answer = self.call("POST", "/v1/chat/completions", body=body)
        return str(answer["choices"][0]["message"].get("content") or "")

    def complete(self, model: str, prompt: str, max_tokens: int) -> str:
        """Return how a chat model continues a text."""
        body = {"model": model, "prompt": prompt, "max_tokens": max_tokens}
        answer = self.call("POST", "/v1/completions", body=body)
        return str(answer["choices"][0]["text"])

    def embed(self, model: str, text: str) -> list[float]:
        """Return a text's vector."""
        answer = self.call("POST", "/v1/embeddings", body={"model": model, "input": text})
        return [float(number) for number in answer["data"][0]["embedding"]]

    def ready(self) -> str:
        """Let every model generate a token; return the state in one word. Raises `Unavailable`."""
        return str(self.call("GET", "/readyz")["status"])

    @cached_property
    def knowledge(self) -> KnowledgeClient:
        """The knowledge bases, and the scenario that answers from them."""
        return KnowledgeClient(self)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
        form: Form | None = None,
        files: Mapping[str, tuple[str, IO[bytes]]] | None = None,
    ) -> Json:
        """Return the JSON object that a route answers with. Raises as the class tells."""
        try:
            answer = self.fetch(method, path, body=body, params=params, form=form, files=files).json()
        except ValueError as error:
            raise _not_understood(self.url) from error
        if not isinstance(answer, dict):
            raise _not_understood(self.url)
        return answer

    def fetch(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        params: Mapping[str, str] | None = None,
        form: Form | None = None,
        files: Mapping[str, tuple[str, IO[bytes]]] | None = None,
    ) -> httpx.Response:
        """Return a route's whole answer, which is no error. Raises as the class tells."""
        try:
            response = self._asked(method, path, movable=not files, json=body, params=params, data=form, files=files)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise not_trusted(self.url, error) or NotRunning(
                _("No appliance answers at {url}.", url=", ".join(self._urls)), START_IT
            ) from error
        except httpx.TimeoutException as error:
            raise Unavailable(
                _("The appliance at {url} did not answer in time.", url=self.url),
                TRY_AGAIN,
            ) from error
        except httpx.HTTPError as error:
            raise Unavailable(
                _("The connection to the appliance at {url} broke: {reason}", url=self.url, reason=error),
                TRY_AGAIN,
            ) from error
        if response.is_error:
            raise _failure(response)
        return response

    def _asked(self, method: str, path: str, *, movable: bool, **content: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
        """Return the answer of the first gateway that takes a request, and stay with it.

        One that is not `movable` has a body that is used up once it was sent. Raises httpx's errors.
        """
        if self._trust is not None:
            self._trust.look()
        for _other in self._urls[1:]:
            try:
                response = self._http.request(method, self.url + path, **content)
                if not (movable and says_head_away(response)):
                    return response
            except (httpx.ConnectError, httpx.ConnectTimeout):
                pass  # nothing was sent
            self._urls.append(self._urls.pop(0))
        return self._http.request(method, self.url + path, **content)

    def rows(self, path: str, *, body: Json | None = None, params: Mapping[str, str] | None = None) -> list[Json]:
        """Return the entries of a list, or of what a POST of `body` finds. Raises as the class tells."""
        rows = self.call("GET" if body is None else "POST", path, body=body, params=params).get("data")
        if not isinstance(rows, list):
            raise _not_understood(self.url)
        return rows


def _failure(response: httpx.Response) -> ApplianceError:
    """Turn an answer in the OpenAI error shape into the error tree; its text is in the caller's language already."""
    try:
        told = response.json()["error"]
        reason, code, param = str(told["message"]), told.get("code"), told.get("param")
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        reason, code, param = f"HTTP {response.status_code}", None, None
    kind = _REFUSALS.get(response.status_code)
    if kind is None and response.status_code < 500:
        kind = RequestError
    if kind is None:
        return Unavailable(
            _("The appliance cannot do this now: {reason}", reason=reason),
            TRY_AGAIN,
            code=code,
        )
    return kind(_("The appliance refused: {reason}", reason=reason), param=param, code=code)


def _not_understood(url: str) -> Unavailable:
    return Unavailable(
        _("What answers at {url} is not an appliance of this version.", url=url),
        _("Check gateway.port in the site file, and `appliance --version` on both sides."),
    )
