"""Put the applications on the cluster, as a process of its own: `python -m appliance.serving.launch HOME`.

Its environment makes it a driver of the cluster (`cluster.environment`). It writes one JSON object a line to standard
output, `{"application", "state"}` or in the end `{"error": …}`; what libraries say goes to standard error.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.errors import ApplianceError, ConfigError
from appliance.core.messages import _
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.knowledge import e5
from appliance.packages.card import load_card
from appliance.scenario.pack import ChatFacts
from appliance.scenario.places import find_pack
from appliance.serving import deploy
from appliance.serving.engine import ChatModel
from appliance.serving.ledger_app import LEDGER_APPLICATION, ledger_app
from appliance.serving.names import (
    BATCH_APPLICATION,
    EMBEDDER_ALIAS,
    EMBEDDER_APPLICATION,
    GATEWAY_APPLICATION,
    KNOWLEDGE_APPLICATION,
    model_application,
    scenario_application,
)

_START_TIMEOUT_S = 900.0
_OUT = os.dup(1)  # libraries print to standard output; the protocol keeps it for itself


def chat_models(home: Home, site: SiteConfig) -> list[ChatModel]:
    """Return the chat models that the site file names. Raises `PackageError`, `ConfigError`."""
    models = []
    for alias, settings in site.models.items():
        if alias == EMBEDDER_ALIAS:
            raise ConfigError(
                _("The alias {alias} belongs to the embedding model.", alias=alias),
                _("Give the chat model another name under models in the site file."),
            )
        folder = home.models / settings.package
        card = load_card(folder)
        models.append(
            ChatModel(
                alias=alias,
                package=settings.package,
                folder=folder,
                context_length=card.context_length,
                languages=tuple(card.languages),
                parameters=card.parameters,
                chat_template=folder / card.chat_template,
                dtype=card.dtype,
                settings=settings,
            )
        )
    return models


def directory_of(home: Home, site: SiteConfig, models: list[ChatModel]) -> dict[str, Any]:
    """Return what the gateway lets callers address."""
    now = int(time.time())
    entries = [
        {
            "alias": model.alias, "kind": "chat", "package": model.package, "context_length": model.max_model_len,
            "languages": model.languages, "created": now,
        }
        for model in models
    ]  # fmt: skip
    entries.append(
        {
            "alias": EMBEDDER_ALIAS, "kind": "embedding", "package": e5.PACKAGE, "created": now,
            "context_length": e5.CONTEXT_LENGTH, "languages": e5.LANGUAGES,
        }
    )  # fmt: skip
    return {"models": entries, "scenarios": [find_pack(home, name).describe() for name in site.scenarios]}


def launch(home: Home) -> Iterator[deploy.AppState]:
    """Start Serve and every application; yield their states until all run. Raises the error tree."""
    site = load_site(home.site_file)
    facts = discover()
    accelerator: Literal["cpu", "gpu"] = choose_accelerator(site.accelerator, facts, installed_engine()).kind
    cores = (facts.processor.logical_cores if facts.processor else None) or os.cpu_count() or 1
    models = chat_models(home, site)
    chat = {model.alias: ChatFacts(model.languages, model.parameters) for model in models}
    directory = directory_of(home, site, models)
    deploy.connect(f"127.0.0.1:{site.cluster.port}")
    try:
        deploy.start_serve(site)
        applications = [
            (LEDGER_APPLICATION, ledger_app(home.root, site)),
            (EMBEDDER_APPLICATION, deploy.embedder_app(site)),
            (KNOWLEDGE_APPLICATION, deploy.knowledge_app(home.root, site)),
            *(
                (scenario_application(name), deploy.scenario_app(home.root, site, name, chat))
                for name in site.scenarios
            ),
            (GATEWAY_APPLICATION, deploy.gateway_app(home.root, site, directory)),
        ]
        deploy.submit(applications)  # they start while the models' configurations are worked out
        engines = [
            (model_application(model.alias), deploy.model_app(model, site, accelerator, cores)) for model in models
        ]
        engines.append((BATCH_APPLICATION, deploy.batch_app(home.root, site, directory)))
        deploy.submit(engines)
        yield from deploy.watch([name for name, _application in (*engines, *applications)], _START_TIMEOUT_S)
    finally:
        deploy.disconnect()


def _say(line: dict[str, Any]) -> None:
    os.write(_OUT, (json.dumps(line, ensure_ascii=False) + "\n").encode())


def main(arguments: list[str]) -> int:
    """Run `launch` for the home folder in `arguments`; return the exit code."""
    os.dup2(2, 1)
    try:
        for state in launch(Home(Path(arguments[0]))):
            _say({"application": state.name, "state": state.state})
    except ApplianceError as error:
        _say({"error": error.to_data()})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
