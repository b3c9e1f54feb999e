"""Start or stop one version of a model on the running cluster: `python -m appliance.serving.switch HOME ORDER`.

A driver of the cluster as `serving.launch`, and it speaks as that does. ORDER is JSON: `{"do": "start", "application",
"alias", "package", "release_counter"}` or `{"do": "stop", "application"}`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.networks import with_port
from appliance.packages.model_sources import source_at
from appliance.serving import deploy
from appliance.serving.driver import speak
from appliance.serving.launch import chat_model, machine_of, told_of
from appliance.serving.starting import start_model, stop_model

_START_TIMEOUT_S = 900.0
_STOP_MARGIN_S = 60.0


def switch(home: Home, order: Mapping[str, Any]) -> Iterator[deploy.AppState]:
    """Carry out one order; yield the application's states. Raises the error tree."""
    site = load_site(home.site_file)
    name = order["application"]
    deploy.connect(with_port(site.cluster.address, site.cluster.port))
    try:
        if order["do"] == "stop":
            yield from stop_model(name, site.gateway.generation_timeout_s + _STOP_MARGIN_S)
            return
        machine = machine_of(site)
        source = source_at(home, order["package"], order["release_counter"])
        model = chat_model(order["alias"], site.models[order["alias"]], source)
        application = deploy.model_app(model, site, machine.accelerator, machine.cores)
        yield from start_model(name, application, _START_TIMEOUT_S)
    finally:
        deploy.disconnect()


def main(arguments: list[str]) -> int:
    """Carry out the order in `arguments`; return the exit code."""
    return speak(lambda: map(told_of, switch(Home(Path(arguments[0])), json.loads(arguments[1]))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
