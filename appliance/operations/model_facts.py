"""What a person wants to know of the models before changing them: cards, measured figures, and what could be staged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.packages.card import CARD_FILE, ModelCard, read_card
from appliance.packages.merging import ADAPTER
from appliance.packages.model_sources import ModelSource, current_source, source_at
from appliance.packages.places import model_folder, open_store
from appliance.state.served import Served, Variant


@dataclass(frozen=True)
class Measured:
    """What the acceptance gate measured of a version. Times in seconds."""

    questions: int
    passed: int
    failed: tuple[str, ...]
    ttft_p50_s: float
    tokens_per_s: float
    measured_at: str

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> Self:
        """Return what is kept in the database."""
        return cls(
            int(figures["questions"]), int(figures["passed"]), tuple(figures["failed"]),
            float(figures["ttft_p50_s"]), float(figures["tokens_per_s"]), str(figures["measured_at"]),
        )  # fmt: skip


@dataclass(frozen=True)
class VersionFacts:
    """What is known of one version on this machine."""

    card: ModelCard | None = None
    """None where its card cannot be read."""
    folder: Path | None = None
    """Its files; None where this very version is not kept any more, so that nobody can go back to it."""
    figures: Measured | None = None


@dataclass(frozen=True)
class ModelFacts:
    """Facts of every version by alias and `PACKAGE:VERSION`, and of packages that no alias's directory names."""

    versions: Mapping[tuple[str, str], VersionFacts] = field(default_factory=dict)
    packages: Mapping[str, VersionFacts] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)
    """The package that the site file names, by alias: the next start takes it."""

    def of(self, alias: str, label: str) -> VersionFacts:
        """Return those of a version; empty ones where nothing is known."""
        return self.versions.get((alias, label)) or self.packages.get(label.partition(":")[0]) or VersionFacts()


@dataclass(frozen=True)
class Stageable:
    """A version that could be started beside what serves."""

    name: str
    """As `appliance model stage` takes it: PACKAGE@RELEASE, or PACKAGE for a folder below models/."""
    label: str
    card: ModelCard


def read_facts(home: Home, site: SiteConfig, packages: Iterable[str] = ()) -> ModelFacts:
    """Return what is known of every version behind an alias, and of `packages`. Raises `Unavailable`, `ConfigError`."""
    versions: dict[tuple[str, str], VersionFacts] = {}
    if not nothing_there(home, site):
        with open_accounts(home, site) as accounts:
            served = Served(accounts.database)
            variants = served.read().variants
            figures = {alias: served.figures(alias) for alias in {one.alias for one in variants}}
        for one in variants:
            measured = figures[one.alias].get(one.label)
            versions[one.alias, one.label] = _facts(home, one, None if measured is None else Measured.of(measured))
    others = {name: VersionFacts(_card(model_folder(home, name)), model_folder(home, name)) for name in packages}
    return ModelFacts(versions, others, {alias: model.package for alias, model in site.models.items()})


def stageable(home: Home) -> tuple[Stageable, ...]:
    """Return the versions of chat models that are on this machine: releases first, the newest of each first."""
    found: list[Stageable] = []
    releases = open_store(home).releases("model")
    for release in releases:
        manifest = release.manifest
        source = _source(home, manifest.name, manifest.release_counter)
        _add(found, f"{manifest.name}@{manifest.release_counter}", source)
    installed = {release.manifest.name for release in releases if release.current}
    for card in sorted(home.models.glob(f"*/{CARD_FILE}")):
        name = card.parent.name
        if name not in installed:  # the name alone means the release in use there
            _add(found, name, _current(home, name))
    return tuple(found)


def _add(found: list[Stageable], name: str, source: ModelSource | None) -> None:
    card = None if source is None else _card(source.folder)
    if source is None or card is None or card.kind != "chat":
        return
    if card.origin.get("format") != ADAPTER:  # an adapter alone has no weights to serve
        found.append(Stageable(name, f"{source.package}:{source.version}", card))


def _facts(home: Home, variant: Variant, figures: Measured | None) -> VersionFacts:
    source = _source(home, variant.package, variant.release_counter)
    if source is None or source.version != variant.version:  # the folder of that name holds another version by now
        return VersionFacts(figures=figures)
    return VersionFacts(_card(source.folder), source.folder, figures)


def _source(home: Home, package: str, release_counter: int | None) -> ModelSource | None:
    try:
        return source_at(home, package, release_counter)
    except ApplianceError:  # gone, or damaged: whoever wants to serve it is told then
        return None


def _current(home: Home, package: str) -> ModelSource | None:
    try:
        return current_source(home, package)
    except ApplianceError:
        return None


def _card(folder: Path) -> ModelCard | None:
    try:
        return read_card(folder)
    except ApplianceError:
        return None
