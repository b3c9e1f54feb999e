"""The environment of every Ray process: authentication on, telemetry off, no model hub, recorded timeouts."""

from collections.abc import Mapping
from typing import Final

from appliance.cluster.certificates import node_files
from appliance.cluster.instance import INSTANCE_VARIABLE
from appliance.config.home import Home
from appliance.config.site import ClusterSettings

NODE_HOME: Final = "APPLIANCE_NODE_HOME"
"""Where a replica finds the home folder of the node that it runs on: paths differ between nodes."""

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
    # Setting logs up anew would close the handlers that Serve hands to a controller which comes back: every replica of
    # a model would be lost with it.
    "VLLM_CONFIGURE_LOGGING": "0",
    "TOKENIZERS_PARALLELISM": "false",
}
_RAY = {
    "RAY_gcs_rpc_server_reconnect_timeout_s": "600",
    "RAY_SERVE_KV_TIMEOUT_S": "5",
    # At each turn the controller copies what every application is to be: ten turns a second are a third of a core.
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.3",
    # Ray ends workers when memory runs short, at 95 % unless told otherwise: a replica is the last thing to end.
    "RAY_memory_usage_threshold": "0.97",
    # Its metrics would be at a port of every address, for whoever asks; the gateway has those of the appliance.
    "RAY_enable_metrics_collection": "0",
    "DASHBOARD_METRIC_PORT": "-1",  # the process is needed, its own metrics cannot be switched off: no such port
    # Ray's workers would yield to everything else on the machine, and replicas with them.
    "RAY_worker_niceness": "0",
    # The driver that starts the applications ends, and an idle worker of a job that has ended is stopped at the next
    # look, by default within 200 ms: each document that is read, each function of a pack, would start Python anew.
    "RAY_kill_idle_workers_interval_ms": "120000",
    "RAY_DEDUP_LOGS": "0",
    "RAY_COLOR_PREFIX": "0",
}
# One event loop a replica instead of threads that hand each token on, and request logs that are buffered. Serve's own
# switch for throughput sets these too, and with them a direct ingress that would be a second door.
_SERVE_SPEED = {
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    "RAY_SERVE_REQUEST_PATH_LOG_BUFFER_SIZE": "1000",
    "RAY_SERVE_LOG_TO_STDERR": "0",
    "RAY_SERVE_FREEZE_GC_ON_STARTUP": "1",
    # One that fails its health checks would have the longest generation to stop in, while callers hang on it.
    "RAY_SERVE_FORCE_STOP_UNHEALTHY_REPLICAS": "1",
}
# Set by Ray for its own workers; a driver that inherits them from an outer cluster would join the wrong one.
_FOREIGN_PREFIXES = ("RAY_", "VLLM_", "SERVE_")


def cluster_environment(
    instance_id: str, home: Home, settings: ClusterSettings, base: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment for a Ray process of this node and instance.

    `base` is the caller's environment; settings of another Ray or vLLM in it are dropped. Every connection between Ray
    processes shows the cluster's token and, both ways, a certificate of the appliance's own authority.
    """
    environment = {name: value for name, value in base.items() if not name.startswith(_FOREIGN_PREFIXES)}
    environment |= _OFFLINE | _INDEX | _ENGINE | _RAY | _SERVE_SPEED
    files = node_files(home.secrets)
    environment |= {
        INSTANCE_VARIABLE: instance_id,
        NODE_HOME: str(home.root),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(home.ray_token_file),
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": str(files.certificate),
        "RAY_TLS_SERVER_KEY": str(files.key),
        "RAY_TLS_CA_CERT": str(files.authority),
        # Despite its name the switch between "one machine: bind loopback only" and "many".
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": str(int(not settings.alone)),
        "RAY_gcs_storage": "rocksdb",
        "RAY_gcs_storage_path": str(home.gcs),
    }
    return environment
