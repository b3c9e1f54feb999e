"""Settings of how many replicas a chat model has, and on which machines."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from appliance.config.section import Section
from appliance.core.messages import _
from appliance.core.validation import Fault

Routing = Literal["balanced", "prefix"]
_NAME = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
LabelName = Annotated[str, Field(pattern=rf"^({_NAME}/)?{_NAME}$")]
Label = Annotated[str, Field(pattern=rf"^{_NAME}$")]


class ScalingSettings(Section):
    """A number of replicas that follows the load: the largest of what requests, KV cache and TTFT ask for."""

    min_replicas: int = Field(default=1, ge=0)
    """Replicas that stay without any load; 0: the model sleeps after `idle_s`, and its next request wakes it."""
    max_replicas: int = Field(default=1, ge=1)
    """Replicas that there are at most."""
    target_ongoing_requests: float | None = Field(default=None, gt=0)
    """Requests, running and waiting, that one replica is to have; null takes three quarters of `max_num_seqs`."""
    target_kv_use: float = Field(default=0.8, gt=0, le=1)
    """Part of its KV cache that a replica is to use."""
    ttft_target_ms: float | None = Field(default=None, gt=0)
    """Time to the first token that nine in ten requests are to keep inside the engine; null: it does not count."""
    upscale_delay_s: float = Field(default=15.0, ge=0)
    """Seconds that more replicas must be wanted before they are started."""
    downscale_delay_s: float = Field(default=300.0, ge=0)
    """Seconds that fewer replicas must be enough before one is stopped."""
    idle_s: float = Field(default=1800.0, ge=30)
    """Seconds without a request after which a model with `min_replicas` 0 goes to sleep."""
    wake_timeout_s: float = Field(default=180.0, gt=0)
    """Seconds that a request waits for a sleeping model to wake; then it gets 503 and Retry-After."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max_replicas < self.min_replicas:
            raise Fault(_("max_replicas must not be less than min_replicas"))
        return self


class PlacementSettings(Section):
    """Which machines the replicas of a model run on."""

    labels: dict[LabelName, Label] = Field(default_factory=dict)
    """Labels that each node of a replica must carry, as vendor: nvidia; none: any node will do."""
