"""The ledger's Serve application."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.serving.names import HEAD_NODE

if TYPE_CHECKING:
    from ray.serve.deployment import Application

LEDGER_APPLICATION: Final = "ledger"
LEDGER_DEPLOYMENT: Final = "Ledger"


def ledger_app(home: Path, site: SiteConfig) -> "Application":
    """Return the application of the ledger: one replica, the only one that counts quotas.

    Call it once a start of the whole appliance: what was opened before is taken for lost.
    """
    from ray import serve

    from appliance.serving.ledger import Ledger

    options = {
        "name": LEDGER_DEPLOYMENT,
        "num_replicas": 1,
        "max_ongoing_requests": site.gateway.max_ongoing_requests,
        "max_queued_requests": site.gateway.max_queued_requests,
        # It mostly waits for the disk, which is that of the head node.
        "ray_actor_options": {"num_cpus": 0.25, "resources": {HEAD_NODE: 0.001}},
        "logging_config": {"enable_access_log": False, "log_level": "WARNING"},
        "health_check_timeout_s": 30,
        "health_check_period_s": 1,  # so soon its death is noticed, and no request is let in without it
    }
    return serve.deployment(Ledger, **options).bind(str(home), site, iso(utc_now()))
