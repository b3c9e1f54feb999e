"""The scenario advisor over the HTTP API with one key: suitability, diagnoses, allocation, conversation, data."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import yaml

from appliance.core.errors import InvalidRequest
from appliance.core.files import unreadable
from appliance.core.messages import _

Json = dict[str, Any]
_ROOT = "/v1/scenarios/advisor"


class Caller(Protocol):
    """What `ApplianceClient` offers; it raises the error tree."""

    def call(
        self, method: str, path: str, *, body: Json | None = None, params: Mapping[str, str] | None = None
    ) -> Json:
        """Return a route's JSON object."""
        ...


class AdvisorDesk:
    """The assistant as the key's holder may use it. Methods raise as `ApplianceClient` does."""

    def __init__(self, client: Caller) -> None:
        self._client = client

    def suitability(self, client: str, product: str, amount: float, as_of: str | None = None) -> Json:
        """Return whether a client may buy, with the decision table."""
        body: Json = {"client": client, "product": product, "amount": amount} | _given(as_of=as_of)
        return self._client.call("POST", f"{_ROOT}/suitability", body=body)

    def fund(self, fund: str, window: str | None = None, as_of: str | None = None, *, charts: bool = False) -> Json:
        """Return the diagnosis of a fund."""
        params = {"charts": _flag(charts), **_given(window=window, as_of=as_of)}
        return self._client.call("GET", f"{_ROOT}/funds/{quote(fund, safe='')}/diagnosis", params=params)

    def account(self, client: str, as_of: str | None = None, *, charts: bool = False) -> Json:
        """Return the diagnosis of a client's account."""
        params = {"charts": _flag(charts), **_given(as_of=as_of)}
        return self._client.call("GET", f"{_ROOT}/accounts/{quote(client, safe='')}/diagnosis", params=params)

    def allocation(self, request: Json, *, charts: bool = False) -> Json:
        """Return an allocation, or the limits that conflict."""
        return self._client.call("POST", f"{_ROOT}/allocation", body={**request, "charts": charts})

    def chat(self, message: str, conversation: str | None = None, *, charts: bool = False) -> Json:
        """Return the answer to a turn, which is kept; `conversation_id` goes with the next one."""
        body: Json = {"message": message, "charts": charts} | _given(conversation_id=conversation)
        return self._client.call("POST", f"{_ROOT}/chat", body=body)

    def notes(self, query: str | None, security: str | None) -> Json:
        """Return what the bank's files say about a security or a market."""
        return self._client.call("POST", f"{_ROOT}/notes", body=_given(query=query, security=security))

    def data(self) -> Json:
        """Return what data answers: tables, digests, faults."""
        return self._client.call("GET", f"{_ROOT}/data")

    def supply(self, table: str, file: Path) -> Json:
        """Supply a file for a table; return warnings and what is missing. Raises `InvalidRequest` for its faults."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise unreadable(file, error) from error
        body = {"filename": file.name, "content_base64": base64.b64encode(content).decode("ascii")}
        return self._client.call("POST", f"{_ROOT}/data/{quote(table, safe='')}", body=body)


def read_request(file: Path) -> Json:
    """Return the request of an allocation in a YAML or JSON file. Raises `InvalidRequest`."""
    try:
        values = yaml.safe_load(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise unreadable(file, error) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise _no_request(file, " ".join(str(error).split())) from error
    if not isinstance(values, dict):
        raise _no_request(file, str(_("it must hold `name: value` lines")))
    return values


def write_charts(answer: Json, file: Path) -> list[Path]:
    """Write the charts of an answer as PNG; return the files: the one named, and for further charts `NAME-CHART.png`.

    Raises `InvalidRequest` where one cannot be written.
    """
    written: list[Path] = []
    for chart in answer.get("charts", ()):
        path = file if not written else file.with_name(f"{file.stem}-{chart['name']}{file.suffix or '.png'}")
        try:
            path.write_bytes(base64.b64decode(chart["png_base64"]))
        except OSError as error:
            raise InvalidRequest(
                _("The file {path} cannot be written: {reason}.", path=path, reason=error.strerror or str(error)),
                _("Name a file in a folder that this user may write to."),
                param="file",
            ) from error
        written.append(path)
    return written


def without_pictures(answer: Json) -> Json:
    """Return an answer whose charts are named only."""
    return {**answer, "charts": [chart["name"] for chart in answer["charts"]]} if "charts" in answer else answer


def _no_request(file: Path, reason: str) -> InvalidRequest:
    return InvalidRequest(
        _("The file {path} holds no request for an allocation: {reason}", path=file, reason=reason),
        _("It has fields as POST /v1/scenarios/advisor/allocation takes them, such as client, method, limits."),
        param="file",
    )


def _given(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def _flag(value: bool) -> str:
    return "true" if value else "false"
