"""How a process that drives the cluster speaks to the one that started it (`operations.driving`).

One JSON object a line on standard output, in the end perhaps `{"error": …}`; what libraries say goes to standard error.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from appliance.core.errors import ApplianceError


def speak(events: Callable[[], Iterable[Mapping[str, Any]]]) -> int:
    """Say each of `events` as it comes; return the exit code, 1 after an error of the tree, which is said too."""
    out = os.dup(1)
    os.dup2(2, 1)  # libraries print to standard output; the protocol keeps it for itself
    try:
        for event in events():
            _say(out, event)
    except ApplianceError as error:
        _say(out, {"error": error.to_data()})
        return 1
    return 0


def _say(out: int, line: Mapping[str, Any]) -> None:
    os.write(out, (json.dumps(line, ensure_ascii=False) + "\n").encode())
