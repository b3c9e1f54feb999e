"""The implicit label: seven fields, their rules, and the forms in which they are written and read."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _
from appliance.labels.provider import parse_provider_code, provider_fault

LABEL_KEY = "AIGC"
"""Name of the label wherever a format has named places."""
STATES = ("1", "2", "3")
"""Values of `label`: the content is, may be, or is suspected to be generated."""

_NAMES = {
    "label": "Label",
    "content_producer": "ContentProducer",
    "produce_id": "ProduceID",
    "reserved_code1": "ReservedCode1",
    "content_propagator": "ContentPropagator",
    "propagate_id": "PropagateID",
    "reserved_code2": "ReservedCode2",
}
_ALLOWED = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")
_MOST_CHARACTERS = 1024  # a field
_MOST_TEXT = 16 * 1024  # a label as text
_REQUIRED = ("content_producer", "produce_id", "content_propagator", "propagate_id")


@dataclass(frozen=True)
class ContentLabel:
    """The label of one content; it may come from a foreign file: `faults` tells whether it keeps the rules."""

    label: str
    """One of `STATES`."""
    content_producer: str
    """Provider code of the service that generated the content."""
    produce_id: str
    """The producer's number of the content."""
    reserved_code1: str = ""
    """For the producer's own protection: here an integrity code (`labels.integrity`)."""
    content_propagator: str = ""
    """Provider code of the service that hands the content on; at the first writing the producer's."""
    propagate_id: str = ""
    """The propagator's number of the content."""
    reserved_code2: str = ""
    """For the propagator's own protection; not used here."""

    def fields(self) -> dict[str, str]:
        """Return the fields by their names in the standard, in its order."""
        return {_NAMES[name]: value for name, value in asdict(self).items()}

    def to_object(self) -> dict[str, dict[str, str]]:
        """Return the wrapped form, `{"AIGC": {…}}`."""
        return {LABEL_KEY: self.fields()}

    def to_json(self) -> str:
        """Return the wrapped form as compact JSON: what stands where a format has no place named AIGC."""
        return _compact(self.to_object())

    def to_value(self) -> str:
        """Return the bare form as compact JSON: the value of a place that is itself named AIGC."""
        return _compact(self.fields())

    def faults(self) -> tuple[Message, ...]:
        """Say which rules the label breaks; empty where it keeps them all."""
        found = []
        if self.label not in STATES:
            found.append(_("Label must be 1, 2 or 3, not {value}", value=ascii(self.label[:32])))
        for name, value in asdict(self).items():
            if not value and name in _REQUIRED:
                found.append(_("{field} is empty", field=_NAMES[name]))
            elif len(value) > _MOST_CHARACTERS:
                found.append(_("{field} has more than {most} characters", field=_NAMES[name], most=_MOST_CHARACTERS))
            elif not _ALLOWED.fullmatch(value):
                found.append(_("{field} has characters that a label may not hold", field=_NAMES[name]))
        for name in ("content_producer", "content_propagator"):
            code = getattr(self, name)
            if code and (reason := provider_fault(code)) is not None:
                found.append(_("{field} is no provider code: {reason}", field=_NAMES[name], reason=reason))
        return tuple(found)

    def checked(self) -> Self:
        """Return the label itself. Raises `InvalidRequest` for the first rule that it breaks."""
        for fault in self.faults():
            raise InvalidRequest(
                _("The label of AI-generated content cannot be written: {reason}.", reason=fault),
                _("Its fields take printable ASCII without spaces, quotation marks and backslashes: codes, not names."),
                code="invalid_label",
            )
        return self


def make_label(producer: str, produce_id: str, *, label: str = "1") -> ContentLabel:
    """Return the label of a content at its first writing: the propagator is the producer.

    `producer` is the provider code, `produce_id` the request's or document's id. Raises `InvalidRequest`.
    """
    code = str(parse_provider_code(producer))
    return ContentLabel(label, code, produce_id, content_propagator=code, propagate_id=produce_id).checked()


def parse_label(value: object) -> tuple[ContentLabel, tuple[Message, ...]]:
    """Read a label in the wrapped or the bare form, as JSON text or as plain data; return it with all its faults.

    Raises `InvalidRequest` where it is no label at all.
    """
    members = _members(value)
    found: list[Message] = []
    for name in _NAMES.values():
        if name not in members:
            found.append(_("{field} is missing", field=name))
        elif not isinstance(members[name], str):
            found.append(_("{field} is not a text", field=name))
    label = ContentLabel(**{name: _as_text(members.get(key)) for name, key in _NAMES.items()})
    missing = {name for name in _NAMES.values() if name not in members}
    # An empty required field that is missing is told once.
    told = {_("{field} is empty", field=name) for name in missing}
    return label, (*found, *(fault for fault in label.faults() if fault not in told))


def _members(value: object) -> Mapping[str, Any]:
    for _depth in range(3):  # text, wrapper, and text inside the wrapper
        if isinstance(value, str):
            value = _from_json(value)
        if isinstance(value, Mapping) and LABEL_KEY in value:
            value = value[LABEL_KEY]
    if not isinstance(value, Mapping) or not set(_NAMES.values()) & set(value):
        raise _no_label(_("it is no object with the fields of a label"))
    return value


def _from_json(text: str) -> object:
    if len(text) > _MOST_TEXT:
        raise _no_label(_("it is longer than {most} characters", most=_MOST_TEXT))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_label(_("it is not valid JSON")) from error


def _no_label(reason: Message) -> InvalidRequest:
    return InvalidRequest(
        _("What stands in the place of the label cannot be read: {reason}.", reason=reason),
        _("Write the label anew."),
        code="unreadable_label",
    )


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)[: _MOST_CHARACTERS + 1]


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)
