"""Server-sent events: the label is the member `AIGC` of the last data object, so that nothing is held back for it."""

import json
from collections.abc import Iterator, Mapping

from appliance.core.messages import Message, _
from appliance.labels.carried import Carried, damaged
from appliance.labels.content import LABEL_KEY, ContentLabel
from appliance.labels.formats.decoded import decoded, for_writing
from appliance.labels.formats.json_body import labelled, labels_in
from appliance.labels.wording import has_explicit

_DONE = "[DONE]"
_DATA = "data:"


def comment(label: ContentLabel) -> str:
    """Return the label as a comment line, for streams whose events have a fixed schema; clients pass it over."""
    return f": {label.to_json()}\n\n"


def read(content: bytes) -> Carried:
    """Find the labels of a recorded stream. A program cannot tell what the front end showed beside it."""
    lines = decoded(content, "SSE").splitlines()
    values = [value for event in _events(lines) for value in labels_in(event)]
    values += [line[1:].strip() for line in lines if line.startswith(":") and f'"{LABEL_KEY}"' in line]
    shown = any(has_explicit(text) for event in _events(lines) for text in _deltas(event))
    return Carried(tuple(values), shown or None, problems=_ending(lines))


def write(content: bytes, label: ContentLabel) -> bytes:
    """Label a recorded stream in its last data object. Raises `InvalidRequest`."""
    lines = [line for line in for_writing(content).splitlines() if not _is_comment_label(line)]
    objects = [place for place, line in enumerate(lines) if isinstance(_event(line), dict)]
    if not objects:
        raise damaged("SSE", _("it has no event with an object"))
    for place in objects:
        event = _event(lines[place])
        if isinstance(event, dict) and (labels_in(event) or place == objects[-1]):
            kept = labelled(event, label)
            if place != objects[-1]:
                del kept[LABEL_KEY]
            lines[place] = f"{_DATA} {json.dumps(kept, ensure_ascii=False, separators=(',', ':'))}"
    return ("\n".join(lines) + "\n\n").encode()


def _is_comment_label(line: str) -> bool:
    return line.startswith(":") and f'"{LABEL_KEY}"' in line


def _event(line: str) -> object:
    payload = line[len(_DATA) :].strip() if line.startswith(_DATA) else ""
    if not payload or payload == _DONE:
        return None
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _events(lines: list[str]) -> Iterator[Mapping[str, object]]:
    for line in lines:
        event = _event(line)
        if isinstance(event, dict):
            yield event


def _deltas(event: Mapping[str, object]) -> Iterator[str]:
    choices = event.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        delta = choice.get("delta") if isinstance(choice, dict) else None
        if isinstance(delta, dict) and isinstance(delta.get("content"), str):
            yield delta["content"]


def _ending(lines: list[str]) -> tuple[Message, ...]:
    payloads = [line[len(_DATA) :].strip() for line in lines if line.startswith(_DATA)]
    chat = any('"choices"' in payload for payload in payloads)
    return (_("the stream breaks off before its end"),) if chat and payloads[-1] != _DONE else ()
