"""The lines of a batch's input file: what each must be, and the request in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.serving.gateway.json_schema import depth_and_size
from appliance.state.batches.records import BatchFault, Line

MOST_FAULTS: Final = 100
"""How many faults of a file are told."""
_LONGEST_ID: Final = 256
_MOST_DEPTH: Final = 65  # a request's own limit is one less


@dataclass(frozen=True)
class Limits:
    """What a file may hold: requests, and bytes of one line."""

    rows: int
    line_bytes: int


def read_lines(path: Path, endpoint: str, limits: Limits) -> tuple[list[Line], list[BatchFault]]:
    """Return the requests in a file, or what is wrong with it: then no request is run. Blank lines do not count."""
    lines: list[Line] = []
    faults: list[BatchFault] = []
    seen: dict[str, int] = {}
    for number, place, raw in _raw_lines(path, limits.line_bytes):
        if len(lines) >= limits.rows:
            told = _("The file has more than {most} requests.", most=limits.rows)
            return [], [BatchFault("too_many_rows", told)]
        custom_id, fault = _check(raw, number, endpoint, limits, seen)
        if fault is not None:
            faults.append(fault)
            if len(faults) >= MOST_FAULTS:
                break
        seen.setdefault(custom_id, number)
        lines.append(Line(number, custom_id, place, len(raw)))
    if not lines:
        faults.append(BatchFault("empty_file", _("The file holds no request.")))
    return ([], faults) if faults else (lines, [])


def request_body(path: Path, line: Line) -> bytes:
    """Return the body of the request in a line that `read_lines` has found good, as JSON."""
    with path.open("rb") as file:
        file.seek(line.place)
        raw = file.read(line.size)
    return json.dumps(json.loads(raw)["body"]).encode()


def _raw_lines(path: Path, most_bytes: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield number, place and bytes of each line that is not blank; of one that is too long only the beginning."""
    place = 0
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(most_bytes + 2):
            number += 1
            if raw.strip():
                yield number, place, raw
            place += len(raw)
            while not raw.endswith(b"\n"):  # the rest of a line that is too long
                raw = file.readline(most_bytes)
                if not raw:
                    break
                place += len(raw)


def _check(
    raw: bytes, number: int, endpoint: str, limits: Limits, seen: dict[str, int]
) -> tuple[str, BatchFault | None]:
    """Return the id in a line, and what is wrong with the line, if anything is."""

    def fault(code: str, message: Message, param: str | None = None) -> tuple[str, BatchFault]:
        return "", BatchFault(code, message, number, param)

    if len(raw.rstrip(b"\r\n")) > limits.line_bytes:
        return fault("line_too_long", _("The line is larger than {limit}.", limit=human_bytes(limits.line_bytes)))
    try:
        entry: Any = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return fault("invalid_json_line", _("The line is not valid JSON."))
    if depth_and_size(entry, _MOST_DEPTH)[0] > _MOST_DEPTH:
        return fault("nested_too_deep", _("The line is nested more than {limit} levels deep.", limit=_MOST_DEPTH))
    if not isinstance(entry, dict):
        return fault("invalid_json_line", _("The line is not a JSON object."))
    custom_id = entry.get("custom_id")
    if not isinstance(custom_id, str) or not 0 < len(custom_id) <= _LONGEST_ID or not custom_id.isprintable():
        told = _("custom_id must be a text of 1 to {most} characters, without control characters.", most=_LONGEST_ID)
        return fault("invalid_custom_id", told, "custom_id")
    if custom_id in seen:
        told = _("The custom_id {id} is that of line {line} already.", id=custom_id, line=seen[custom_id])
        return fault("duplicate_custom_id", told, "custom_id")
    told_wrong = _wrong_request(entry, endpoint)
    return custom_id, None if told_wrong is None else BatchFault(told_wrong[0], told_wrong[1], number, told_wrong[2])


def _wrong_request(entry: dict[str, Any], endpoint: str) -> tuple[str, Message, str] | None:
    if entry.get("method") != "POST":
        return "invalid_method", _("method must be POST."), "method"
    if entry.get("url") != endpoint:
        return "mismatched_url", _("url must be that of the batch, {url}.", url=endpoint), "url"
    body = entry.get("body")
    if not isinstance(body, dict):
        return "invalid_body", _("body must be an object."), "body"
    if body.get("stream"):
        return "stream_not_supported", _("A batch does not stream: leave stream out."), "body.stream"
    return None
