"""Server-sent events."""

import json
from typing import Any


def event(data: dict[str, Any]) -> str:
    """Return one `data:` event."""
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
