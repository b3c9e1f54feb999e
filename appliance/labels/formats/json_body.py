"""JSON answers: the label is the member `AIGC` of the outermost object, as OpenAI clients pass unknown members over."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from appliance.core.messages import _
from appliance.labels.carried import Carried, damaged, no_place
from appliance.labels.content import LABEL_KEY, ContentLabel
from appliance.labels.formats.decoded import decoded, for_writing
from appliance.labels.integrity import canonical_json, integrity_code
from appliance.labels.wording import has_explicit

_NAMES = (LABEL_KEY, LABEL_KEY.lower())
_MOST_TEXTS = 10_000


def labelled(body: Mapping[str, Any], label: ContentLabel) -> dict[str, Any]:
    """Return a JSON body with this label as its only one; it stands at the end."""
    return {**_without_label(body), **label.to_object()}


def sealed(body: Mapping[str, Any], label: ContentLabel) -> dict[str, Any]:
    """Return the labelled body, its integrity code in the label."""
    return labelled(body, replace(label, reserved_code1=integrity_code(covered(body))))


def labels_in(body: object) -> tuple[object, ...]:
    """Return the labels of a JSON body; a body may also be nothing but a label, wrapped or bare."""
    if not isinstance(body, Mapping):
        return ()
    found = tuple(body[name] for name in _NAMES if body.get(name) is not None)
    return found or ((body,) if "ContentProducer" in body and "Label" in body else ())


def covered(body: object) -> str:
    """Return what the integrity code of a JSON body covers: all of it but the label."""
    return canonical_json(_without_label(body) if isinstance(body, Mapping) else body)


def read(content: bytes) -> Carried:
    """Find the label of a JSON file. Raises `InvalidRequest`."""
    body = parsed(decoded(content, "JSON"))
    shown = any(has_explicit(text) for text in _texts(body))
    return Carried(labels_in(body), shown or None, covered(body))


def write(content: bytes, label: ContentLabel) -> bytes:
    """Label a JSON file; it is written compactly. Raises `InvalidRequest`, `Unsupported`."""
    body = parsed(for_writing(content))
    if not isinstance(body, dict):
        raise no_place("JSON", _("Its outermost value must be an object."))
    return (json.dumps(labelled(body, label), ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def parsed(text: str) -> object:
    """Return the data of JSON text. Raises `InvalidRequest`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged("JSON", error) from error


def _without_label(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _NAMES}


def _texts(body: object) -> Iterator[str]:
    """Yield texts at any depth, the label's own apart, up to a limit."""
    waiting, seen = [body], 0
    while waiting and seen < _MOST_TEXTS:
        value = waiting.pop()
        if isinstance(value, str):
            seen += 1
            yield value
        elif isinstance(value, dict):
            waiting.extend(_without_label(value).values())
        elif isinstance(value, list):
            waiting.extend(value)
