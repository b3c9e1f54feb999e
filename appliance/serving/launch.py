"""Put the applications on the cluster, as a process of its own: `python -m appliance.serving.launch HOME`.

Its environment makes it a driver of the cluster (`cluster.environment`). It says `{"application", "state"}` (`driver`).
"""

import hashlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import appliance
from appliance.cluster.instance import digest_of, read_instance
from appliance.config.home import Home
from appliance.config.site import ModelSettings, SiteConfig, load_site
from appliance.core.errors import ApplianceError, ConfigError, StartFailed
from appliance.core.messages import _
from appliance.core.networks import with_port
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.hardware.facts import Processor
from appliance.knowledge import e5
from appliance.packages.card import chat_template_of, load_card
from appliance.packages.model_sources import ModelSource, current_source, source_at
from appliance.scenario.pack import ChatFacts
from appliance.scenario.places import find_pack
from appliance.serving import deploy
from appliance.serving.adapters import share_engines
from appliance.serving.declared import Declared, declare
from appliance.serving.driver import speak
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
from appliance.serving.room import engine_memory, enough_for_engine
from appliance.serving.starting import start_model
from appliance.state.database import Database, sqlite_url
from appliance.state.served import Served, ServedDirectory, Variant

_LONGEST_ALIAS = 64
_START_TIMEOUT_S = 900.0


@dataclass(frozen=True)
class _Machine:
    """What the engines are configured for."""

    accelerator: Literal["cpu", "gpu"]
    cores: int
    processor: Processor


def machine_of(site: SiteConfig) -> _Machine:
    """Return what this machine gives to an engine. Raises `PreflightError` where the site asks for a missing GPU."""
    facts = discover()
    cores = facts.processor.usable_cores or facts.processor.logical_cores or os.cpu_count() or 1
    return _Machine(choose_accelerator(site.accelerator, facts, installed_engine()).kind, cores, facts.processor)


def sources_of(home: Home, site: SiteConfig) -> dict[str, ModelSource]:
    """Return the version in use of each chat model that the site file names, by alias.

    Raises `PackageError`, `ConfigError`.
    """
    for alias in site.models:
        if alias == EMBEDDER_ALIAS:
            raise ConfigError(
                _("The alias {alias} belongs to the embedding model.", alias=alias),
                _("Give the chat model another name under models in the site file."),
            )
        if "@" in alias or len(alias) > _LONGEST_ALIAS:
            raise ConfigError(
                _("{alias} cannot be an alias: it has an @ or more than 64 characters.", alias=ascii(alias[:80])),
                _("Give the chat model another name under models in the site file."),
            )
    return {alias: current_source(home, settings.package) for alias, settings in site.models.items()}


def chat_model(alias: str, settings: ModelSettings, source: ModelSource) -> ChatModel:
    """Return a version of a model as it is to be served. Raises `PackageError`."""
    card = load_card(source.folder)
    return ChatModel(
        alias=alias,
        package=source.package,
        folder=source.folder,
        context_length=card.context_length,
        languages=tuple(card.languages),
        parameters=card.parameters,
        chat_template=chat_template_of(card, source.folder),
        dtype=card.dtype,
        settings=settings,
    )


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


def told_of(state: deploy.AppState) -> dict[str, str]:
    """Return an application's state as a driver says it."""
    return {"application": state.name, "state": state.state}


def agreed_site(home: Home) -> SiteConfig:
    """Return the settings that this start was checked with. Raises `StartFailed` where the site file is another by now.

    Between the check and here somebody could put in settings that nobody has approved.
    """
    site, instance = load_site(home.site_file), read_instance(home.instance_file)
    if instance is not None and instance.site_digest != digest_of(site):
        raise StartFailed(
            _("The site file was changed while the appliance was starting."),
            _("Run `appliance down`, then `appliance up`."),
        )
    return site


def version_of(site: SiteConfig, sources: Mapping[str, ModelSource]) -> str:
    """Return what tells apart deployments that differ: of the program, its settings and its models' files."""
    said = [appliance.__version__, digest_of(site), *(f"{alias}={sources[alias].version}" for alias in sorted(sources))]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def launch(home: Home) -> Iterator[deploy.AppState]:
    """Start Serve and every application; yield their states until all run. Raises the error tree."""
    site = agreed_site(home)
    machine = machine_of(site)
    sources = sources_of(home, site)
    models = [chat_model(alias, site.models[alias], source) for alias, source in sources.items()]
    chat = {model.alias: ChatFacts(model.languages, model.parameters) for model in models}
    directory = directory_of(home, site, models)
    database = Database.open(site.state.url or sqlite_url(home.database))
    served = Served(database)
    shared = share_engines(home, models, machine.accelerator)
    variants = declare(
        served,
        [Declared(model, sources[model.alias], model_application(shared.host(model.alias))) for model in models],
    )
    version = version_of(site, sources)
    deploy.connect(with_port(site.cluster.address, site.cluster.port))
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
        deploy.submit(applications, version)  # they start while the models' configurations are worked out
        engines = [
            (model_application(model.alias), deploy.model_app(model, site, machine.accelerator, machine.cores))
            for model in shared.models
        ]
        engines.append((BATCH_APPLICATION, deploy.batch_app(home.root, site, directory)))
        deploy.submit(engines, version)
        yield from deploy.watch([name for name, _application in (*engines, *applications)], _START_TIMEOUT_S)
        for candidate in [one for one in variants.variants if one.slot == "candidate"]:
            yield from _candidate(home, site, machine, served, candidate)
    finally:
        deploy.disconnect()
        database.close()


def _candidate(
    home: Home, site: SiteConfig, machine: _Machine, served: Served, candidate: Variant
) -> Iterator[deploy.AppState]:
    """Start a candidate that was there before; one that does not come up is dropped, and the others serve."""
    try:
        source = source_at(home, candidate.package, candidate.release_counter)
        settings = site.models[candidate.alias]
        weights = load_card(source.folder).weights_bytes
        enough_for_engine(weights, settings, machine.accelerator, engine_memory(home, machine.processor))
        model = chat_model(candidate.alias, settings, source)
        application = deploy.model_app(model, site, machine.accelerator, machine.cores)
        yield from start_model(candidate.application, application, _START_TIMEOUT_S)
    except ApplianceError as error:
        sys.stderr.write(f"{error}\n")
        _write(served, candidate, None)
    else:
        _write(served, candidate, replace(candidate, state="ready"))


def _write(served: Served, old: Variant, new: Variant | None) -> ServedDirectory:
    base = served.read()
    kept = [one for one in base.variants if (one.alias, one.slot) != (old.alias, old.slot)]
    return served.replace(base, [*kept, *([] if new is None else [new])])


def main(arguments: list[str]) -> int:
    """Run `launch` for the home folder in `arguments`; return the exit code."""
    return speak(lambda: map(told_of, launch(Home(Path(arguments[0])))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
