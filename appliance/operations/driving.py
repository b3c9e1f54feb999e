"""Processes that drive the cluster: they tell what they do as JSON objects, one a line, an error last."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance.cluster import node
from appliance.core.errors import StartFailed, error_from_data
from appliance.core.messages import Message, _


def drive(
    module: str, arguments: tuple[str, ...], environment: Mapping[str, str], log: Path, broken: Callable[[str], Message]
) -> Iterator[dict[str, Any]]:
    """Run a module in the cluster's environment, its words in `log`; yield what it tells.

    It does not outlive this generator. Raises the error that it tells, and `StartFailed` with `broken(the log's last
    line)` where it ends badly without one.
    """
    with log.open("ab") as words:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, cwd="/",
        )  # fmt: skip
        assert child.stdout is not None
        try:
            for line in child.stdout:
                event = json.loads(line)
                if "error" in event:
                    raise error_from_data(event["error"])
                yield event
            if child.wait() != 0:
                raise StartFailed(
                    broken(node.last_line(log)),
                    _("The whole log is in {log}. `appliance doctor` checks the installation.", log=log),
                )
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
