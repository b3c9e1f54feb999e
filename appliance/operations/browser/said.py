"""What a browser may say over its connection: five forms of JSON, everything else is refused."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MOST_BYTES = 256 * 1024
"""Of one message; a text that is pasted is one message."""
_MOST_COLUMNS, _MOST_ROWS = 1000, 400


class Size(BaseModel):
    """Columns and rows of the browser's window, in cells."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    width: Annotated[int, Field(ge=1, le=_MOST_COLUMNS)]
    height: Annotated[int, Field(ge=1, le=_MOST_ROWS)]


Typed = tuple[Literal["stdin"], str]
Resized = tuple[Literal["resize"], Size]
Pinged = tuple[Literal["ping"], Annotated[str, Field(max_length=64)]]
Focused = tuple[Literal["focus", "blur"]]
Said = Typed | Resized | Pinged | Focused

_FORMS: TypeAdapter[Said] = TypeAdapter(Said)


def read_said(text: str) -> Said:
    """Return a message of the browser. Raises `ValueError`."""
    return _FORMS.validate_json(text, strict=True)


def read_size(query: Mapping[str, str]) -> Size:
    """Return the size that a connection begins with. Raises `ValueError`."""
    return Size.model_validate_strings(dict(query))
