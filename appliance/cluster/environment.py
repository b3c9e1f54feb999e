"""The environment of every Ray process: authentication on, telemetry off, no model hub, recorded timeouts."""

from collections.abc import Mapping
from pathlib import Path

from appliance.cluster.instance import INSTANCE_VARIABLE

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
_INDEX = {
    "LANCE_LOG": "error",  # its k-means warns about every small cluster
}
_ENGINE = {
    "VLLM_ALLOW_INSECURE_SERIALIZATION": "0",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "TOKENIZERS_PARALLELISM": "false",
}
_RAY = {
    "RAY_gcs_rpc_server_reconnect_timeout_s": "600",
    "RAY_SERVE_KV_TIMEOUT_S": "5",
    # Ray ends workers when memory runs short, at 95 % unless told otherwise: a replica is the last thing to end.
    "RAY_memory_usage_threshold": "0.97",
    "RAY_DEDUP_LOGS": "0",
    "RAY_COLOR_PREFIX": "0",
    # Despite its name the switch between "one machine: bind loopback only" and "many": one machine has no other peers.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
# One event loop a replica instead of threads that hand each token on, and request logs that are buffered. Serve's own
# switch for throughput sets these too, and with them a direct ingress that would be a second door.
_SERVE_SPEED = {
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    "RAY_SERVE_REQUEST_PATH_LOG_BUFFER_SIZE": "1000",
    "RAY_SERVE_LOG_TO_STDERR": "0",
    "RAY_SERVE_FREEZE_GC_ON_STARTUP": "1",
}
# Set by Ray for its own workers; a driver that inherits them from an outer cluster would join the wrong one.
_FOREIGN_PREFIXES = ("RAY_", "VLLM_", "SERVE_")


def cluster_environment(instance_id: str, token_file: Path, base: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment for a Ray process of this instance.

    `base` is the caller's environment; settings of another Ray or vLLM in it are dropped.
    """
    environment = {name: value for name, value in base.items() if not name.startswith(_FOREIGN_PREFIXES)}
    environment |= _OFFLINE | _INDEX | _ENGINE | _RAY | _SERVE_SPEED
    environment |= {
        INSTANCE_VARIABLE: instance_id,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_file),
    }
    return environment
