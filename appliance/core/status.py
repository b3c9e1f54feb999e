"""The running appliance at one moment, as `GET /v1/appliance/status` sends it and the terminal draws it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Reading(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AcceleratorStatus(_Reading):
    """One accelerator. A reading that could not be taken is None, never 0. Utilisation is 0..1, power in watts."""

    index: int
    vendor: str
    name: str
    memory_total_bytes: int | None = None
    memory_used_bytes: int | None = None
    utilisation: float | None = None
    temperature_c: float | None = None
    power_w: float | None = None


class NodeStatus(_Reading):
    """One machine of the cluster. Utilisation is 0..1."""

    node_id: str
    address: str
    head: bool
    state: Literal["alive", "dead"]
    name: str | None = None
    """As `appliance node list` has it; None on an appliance of one machine."""
    standing: Literal["joining", "ready", "cordoned", "draining"] | None = None
    """What the head has decided of it."""
    cpu_model: str | None = None
    cpu_cores: int | None = None
    cpu_utilisation: float | None = None
    memory_total_bytes: int | None = None
    memory_used_bytes: int | None = None
    disk_total_bytes: int | None = None
    disk_used_bytes: int | None = None
    accelerators: tuple[AcceleratorStatus, ...] = ()


class TrafficStatus(_Reading):
    """Totals since start (counters) and recent TTFT quantiles in seconds; rates come from two readings."""

    requests_total: int = 0
    errors_total: int = 0
    prompt_tokens_total: int = 0
    completion_tokens_total: int = 0
    in_flight: int = 0
    ttft_p50_s: float | None = None
    ttft_p95_s: float | None = None


class ApplicationStatus(_Reading):
    """A model or a scenario: one Serve application each."""

    name: str
    kind: Literal["model", "embedding", "scenario", "knowledge", "gateway", "ledger", "batch"]
    state: Literal["running", "asleep", "starting", "unhealthy", "failed", "stopped"]
    replicas_running: int = 0
    replicas_target: int = 0
    message: str = ""
    running: int | None = None
    """Requests that the engines of a chat model work on; None is not known."""
    waiting: int | None = None
    """Requests that wait for their turn at a chat model, or for a replica where none runs; None is not known."""
    kv_use: float | None = None
    """Part of the engines' cache of read text in use, 0..1, where it is fullest."""
    traffic: TrafficStatus = TrafficStatus()


class ApplianceStatus(_Reading):
    """Everything the first screen shows."""

    version: str
    taken_at: str
    uptime_s: float
    nodes: tuple[NodeStatus, ...]
    applications: tuple[ApplicationStatus, ...]
