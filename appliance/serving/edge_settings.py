"""How the proxies learn their settings: by the environment, for Serve gives them nothing else."""

import json

CALLBACK_VARIABLE = "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"
LIMITS_VARIABLE = "APPLIANCE_EDGE"


def edge_environment(max_body_bytes: int, max_upload_bytes: int, max_file_bytes: int, language: str) -> dict[str, str]:
    """Return the environment that puts `gateway.edge` in front of every proxy of the cluster."""
    limits = {
        "max_body_bytes": max_body_bytes, "max_upload_bytes": max_upload_bytes, "max_file_bytes": max_file_bytes,
        "language": language,
    }  # fmt: skip
    return {
        CALLBACK_VARIABLE: "appliance.serving.gateway.edge:proxy_middlewares",
        LIMITS_VARIABLE: json.dumps(limits),
    }
