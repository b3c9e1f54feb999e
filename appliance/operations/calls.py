"""Calls that the scenario agent-assist accompanies, over the HTTP API with one key: what a supervisor sees and does."""

import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import quote

import httpx
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.core.errors import InvalidRequest
from appliance.core.files import unreadable
from appliance.core.messages import _
from appliance.core.validation import invalid_request

Json = dict[str, Any]
Choice = Mapping[str, str | None]
"""What calls are selected by: seat, product, intent, level, state, tag, since, until; None selects nothing."""
_ROOT = "/v1/scenarios/agent-assist"
_PAGE = 200
_RECHECKED = 500
_LARGEST_FILE = 4_000_000
_WORDS_PER_S, _CHARACTERS_PER_S = 2.5, 4.5


class Caller(Protocol):
    """What `ApplianceClient` offers; it raises the error tree."""

    def call(
        self, method: str, path: str, *, body: Json | None = None, params: Mapping[str, str] | None = None
    ) -> Json:
        """Return a route's JSON object."""
        ...

    def fetch(self, method: str, path: str, *, params: Mapping[str, str] | None = None) -> httpx.Response:
        """Return a route's whole answer."""
        ...


class RecordedTurn(BaseModel):
    """One turn of a recorded call; times that are missing are guessed from the length of the text."""

    model_config = ConfigDict(extra="ignore")

    speaker: Literal["customer", "seat"]
    text: str = Field(min_length=1)
    id: str | None = None
    start_s: float | None = None
    end_s: float | None = None


class RecordedCall(BaseModel):
    """A recorded call, as a YAML or JSON file holds it."""

    model_config = ConfigDict(extra="ignore")

    direction: Literal["inbound", "outbound"] = "inbound"
    seat: str = "replay"
    product: str | None = None
    knowledge_base: str | None = None
    language: Literal["en", "zh"] | None = None
    turns: list[RecordedTurn] = Field(min_length=1)


@dataclass(frozen=True)
class Replayed:
    """One step of a replay: the call as it began, then an assist a turn, then what is written after it."""

    kind: Literal["call", "assist", "after"]
    data: Json


class CallDesk:
    """The calls as the key's holder may see them. Methods raise as `ApplianceClient` does."""

    def __init__(self, client: Caller) -> None:
        self._client = client

    def live(self, choice: Choice, most: int) -> Json:
        """Return the open calls, the riskiest first: `data`, `total`, `levels`."""
        params = _params(choice)
        first = self._client.call("GET", f"{_ROOT}/live", params={**params, "limit": str(min(_PAGE, most))})
        data = list(first["data"])
        for page in range(2, int(first["pages"]) + 1):
            if len(data) >= most:
                break
            more = self._client.call(
                "GET", f"{_ROOT}/live", params={**params, "limit": str(min(_PAGE, most)), "page": str(page)}
            )
            data += more["data"]
        return {"data": data[:most], "total": first["total"], "levels": first["levels"]}

    def find(self, choice: Choice, most: int) -> list[Json]:
        """Return up to `most` kept calls, newest first."""
        found: list[Json] = []
        params = _params(choice)
        while len(found) < most:
            page = self._client.call(
                "GET", f"{_ROOT}/calls", params={**params, "limit": str(min(_PAGE, most - len(found)))}
            )
            found += page["data"]
            if page["next_cursor"] is None:
                break
            params["cursor"] = str(page["next_cursor"])
        return found

    def show(self, call_id: str) -> Json:
        """Return a call with its turns, alerts and what was written after it."""
        return self._client.call("GET", f"{_ROOT}/inspect/{quote(call_id, safe='')}")

    def statistics(self, by: str, choice: Choice) -> Json:
        """Return figures by intent, product, seat or day: `total`, `groups`, `complete`."""
        return self._client.call("GET", f"{_ROOT}/statistics", params={**_params(choice), "by": by})

    def export(self, choice: Choice) -> bytes:
        """Return kept calls as CSV."""
        return self._client.fetch("GET", f"{_ROOT}/export", params=_params(choice)).content

    def recheck(self, choice: Choice, *, most: int, rules: str | None, keep: bool) -> Json:
        """Run rules again over up to `most` calls, `rules` being a draft; return it as one answer."""
        body: Json = {**_params(choice), "keep": keep} | ({} if rules is None else {"rules": rules})
        whole: Json = {"checked": 0, "changed": 0, "skipped": 0, "rules": [], "data": [], "next_cursor": None}
        left = most
        while left > 0:
            part = self._client.call("POST", f"{_ROOT}/recheck", body={**body, "limit": min(_RECHECKED, left)})
            for name in ("checked", "changed", "skipped"):
                whole[name] += part[name]
            whole["data"] += part["data"]
            whole["rules"] = _added(whole["rules"], part["rules"])
            whole["next_cursor"] = part["next_cursor"]
            if part["next_cursor"] is None:
                break
            body["cursor"] = part["next_cursor"]
            left -= min(_RECHECKED, left)
        return whole

    def settings(self) -> Json:
        """Return the YAML files as they are in force, and what is wrong with one that is not."""
        return self._client.call("GET", f"{_ROOT}/settings")

    def samples(self) -> list[Json]:
        """Return the calls that come with the appliance: `name`, `title`, `direction`, `turns`, `duration_s`."""
        return list(self._client.call("GET", f"{_ROOT}/samples")["data"])

    def replay_sample(self, sample: str, *, keep: bool = False) -> Json:
        """Replay a call that comes with the appliance; return its `answer`, a text, and the rest."""
        return self._client.call("POST", f"{_ROOT}/replay", body={"sample": sample, "keep": keep})

    def replay_at_once(self, call: RecordedCall, *, keep: bool) -> Json:
        """Replay a recorded call; return as `replay_sample` does."""
        told = call.model_dump(include={"direction", "seat", "knowledge_base", "language"}, exclude_none=True)
        body = {**told, "transcript": list(_timed(call.turns)), "keep": keep}
        return self._client.call("POST", f"{_ROOT}/replay", body=body)

    def replay(
        self, call: RecordedCall, speed: float, pause: Callable[[float], None] = time.sleep
    ) -> Iterator[Replayed]:
        """Replay a recorded call turn by turn, `speed` times as fast as it was spoken; yield each step.

        It is kept as any other call is.
        """
        told = call.model_dump(
            include={"direction", "seat", "product", "knowledge_base", "language"}, exclude_none=True
        )
        begun = self._client.call("POST", f"{_ROOT}/calls", body=told)
        yield Replayed("call", begun)
        address, now = f"{_ROOT}/calls/{quote(str(begun['id']), safe='')}", 0.0
        for turn in _timed(call.turns):
            pause(max(0.0, turn["end_s"] - now) / speed)
            now = max(now, turn["end_s"])
            answer = self._client.call("POST", f"{address}/turns", body={"turns": [turn]})
            for assist in answer["data"]:
                yield Replayed("assist", assist)
        yield Replayed("after", self._client.call("POST", f"{address}/end", body={}))


def read_recorded(file: Path) -> RecordedCall:
    """Return the recorded call in a YAML or JSON file. Raises `InvalidRequest`, which names what is wrong."""
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise InvalidRequest(
                _("The file {path} is larger than a recorded call can be.", path=file),
                _("Replay one call a file."),
                param="file",
            )
        values = _parsed(file, file.read_bytes())
    except OSError as error:
        raise unreadable(file, error) from error
    try:
        return RecordedCall.model_validate(values)
    except ValidationError as error:
        raise invalid_request(error, values) from error


def _parsed(file: Path, content: bytes) -> object:
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise InvalidRequest(
            _("The file {path} holds no recorded call: {reason}", path=file, reason=" ".join(str(error).split())),
            _("It has `turns`, each with `speaker` (customer or seat) and `text`."),
            param="file",
        ) from error


def _timed(turns: Sequence[RecordedTurn]) -> Iterator[Json]:
    """Yield turns as the API takes them, each behind the one before where the file has no times."""
    now = 0.0
    for number, turn in enumerate(turns, 1):
        start = now if turn.start_s is None else turn.start_s
        wide = sum(ord(char) > 0x2E7F for char in turn.text)
        guessed = wide / _CHARACTERS_PER_S + len(turn.text.split()) / _WORDS_PER_S
        end = start + max(1.0, round(guessed, 1)) if turn.end_s is None else turn.end_s
        now = max(now, end)
        yield {
            "id": turn.id or f"t{number}",
            "speaker": turn.speaker,
            "text": turn.text,
            "start_s": start,
            "end_s": end,
        }


def _added(known: Sequence[Json], more: Sequence[Json]) -> list[Json]:
    """Return the changes of rules of two parts together, most frequent first."""
    counted: dict[tuple[object, ...], int] = {}
    for one in (*known, *more):
        key = one["rule"], one["before"], one["after"]
        counted[key] = counted.get(key, 0) + int(one["calls"])
    rows = [{"rule": key[0], "before": key[1], "after": key[2], "calls": calls} for key, calls in counted.items()]
    return sorted(rows, key=lambda row: -row["calls"])


def _params(choice: Choice) -> dict[str, str]:
    return {name: value for name, value in choice.items() if value is not None}


def read_draft(file: Path) -> str:
    """Return a draft of rules. Raises `InvalidRequest`."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise unreadable(file, error) from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            _("The file {path} is not a text in UTF-8.", path=file), _("Save it as UTF-8."), param="rules"
        ) from error


def write_table(content: bytes, file: Path) -> int:
    """Write a table of calls; return how many there are. Raises `InvalidRequest` where the file cannot be written."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InvalidRequest(
            _("The file {path} cannot be written: {reason}.", path=file, reason=error.strerror or str(error)),
            _("Name a file in a folder that this user may write to."),
            param="file",
        ) from error
    return sum(1 for _row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) - 1
