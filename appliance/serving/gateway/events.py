"""Server-sent events, as text."""

import json
from typing import Any


def event(data: dict[str, Any], name: str | None = None) -> str:
    """Return one event, named or not."""
    text = f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
    return text if name is None else f"event: {name}\n{text}"
