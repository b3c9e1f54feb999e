"""What a long operation tells while it works; both front ends draw it."""

from dataclasses import dataclass
from typing import Literal

from appliance.core.messages import Message


@dataclass(frozen=True)
class Progress:
    """One step's news. `step` is a stable id; `fraction` is 0..1 or None where it cannot be known."""

    step: str
    title: Message
    state: Literal["running", "done", "skipped", "failed"] = "running"
    detail: Message | None = None
    fraction: float | None = None
