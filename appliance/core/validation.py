"""pydantic's findings as one `InvalidRequest` that names the field, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _


class Fault(ValueError):
    """A validator's finding with a translatable text; pydantic carries it through."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


_TYPES = {
    "string_type": _("a text"),
    "int_type": _("a whole number"),
    "int_parsing": _("a whole number"),
    "int_from_float": _("a whole number"),
    "float_type": _("a number"),
    "float_parsing": _("a number"),
    "bool_type": _("true or false"),
    "bool_parsing": _("true or false"),
    "list_type": _("a list"),
    "dict_type": _("an object"),
    "model_type": _("an object"),
    "model_attributes_type": _("an object"),
    "none_required": _("null"),
}
# Tags that pydantic puts into a location for members of a union; callers never wrote them.
_NOT_FIELDS = ("function-", "list[", "constrained-", "str", "nullable", "dict[", "literal[")


def field_path(location: tuple[int | str, ...], body: object) -> str:
    """Return the dotted path that exists in `body` (or would be missing there): union tags are left out."""
    parts: list[str] = []
    node = body
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if isinstance(node, Mapping):
            if part in node or (last and isinstance(part, str) and not part.startswith(_NOT_FIELDS)):
                parts.append(str(part))
                node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int):
            parts.append(str(part))
            node = node[part] if part < len(node) else None
    return ".".join(parts)


def reason_for(kind: str, context: Mapping[str, Any], text: str) -> Message:
    """Return what is wrong, without the field's name; the arguments are pydantic's type, ctx and msg of one finding."""
    if kind in _TYPES:
        return _("it must be {type}", type=_TYPES[kind])
    fault = context.get("error")
    if isinstance(fault, Fault):
        return fault.message
    match kind:
        case "greater_than_equal":
            return _("it must be at least {limit}", limit=context["ge"])
        case "greater_than":
            return _("it must be greater than {limit}", limit=context["gt"])
        case "less_than_equal":
            return _("it must be at most {limit}", limit=context["le"])
        case "less_than":
            return _("it must be less than {limit}", limit=context["lt"])
        case "too_long":
            return _(
                "it may have at most {limit} entries, not {actual}",
                limit=context["max_length"], actual=context["actual_length"] or "more",
            )  # fmt: skip
        case "too_short":
            return _("it must have at least {limit} entries", limit=context["min_length"])
        case "string_too_long":
            return _("it may have at most {limit} characters", limit=context["max_length"])
        case "string_too_short":
            return _("it must have at least {limit} characters", limit=context["min_length"])
        case "literal_error" | "union_tag_invalid":
            allowed = context.get("expected") or context.get("expected_tags")
            return _("it must be one of {allowed}", allowed=allowed)
        case "string_pattern_mismatch":
            return _("it has characters that are not allowed here")
    return _("{reason}", reason=text)


def invalid_request(error: ValidationError, body: object) -> InvalidRequest:
    """Return the error for the finding that goes deepest: in a union that is the member the caller meant."""
    faults = error.errors(include_url=False)
    unknown = [fault for fault in faults if fault["type"] == "extra_forbidden"]
    # Of equally deep findings in a union, "wrong type" is that of a member the caller did not mean.
    fault = max(unknown or faults, key=lambda entry: (len(entry["loc"]), not entry["type"].endswith("_type")))
    param = field_path(fault["loc"], body)
    if fault["type"] == "extra_forbidden":
        return InvalidRequest(
            _("The field {param} is not supported.", param=param),
            _("Leave it out; /docs lists the fields that are."),
            param=param,
            code="unsupported_field",
        )
    if fault["type"] == "union_tag_not_found":
        tag = str(fault.get("ctx", {}).get("discriminator", "")).strip("'")
        param = f"{param}.{tag}" if param else tag
        return InvalidRequest(_("The field {param} is missing.", param=param), param=param, code="missing_field")
    if fault["type"] == "missing":
        return InvalidRequest(_("The field {param} is missing.", param=param), param=param, code="missing_field")
    reason = reason_for(fault["type"], fault.get("ctx", {}), fault["msg"])
    if not param:
        return InvalidRequest(_("The request body is not valid: {reason}.", reason=reason), code="invalid_body")
    return InvalidRequest(
        _("The field {param} is not valid: {reason}.", param=param, reason=reason), param=param, code="invalid_value"
    )
