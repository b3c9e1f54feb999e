"""Where the screens of models and packages get their data. What the appliance's machine does is in `models_work`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from appliance.core.errors import PermissionDenied
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.tui.connection import HttpConnection
from appliance.tui.local import Local

if TYPE_CHECKING:  # these load half of the appliance, which the first screen does not need
    from appliance.operations.model_facts import ModelFacts, Stageable
    from appliance.operations.package_facts import InstalledPackage
    from appliance.operations.setup.finding import FoundPackage
    from appliance.packages.signed.manifest import Kind, Manifest
    from appliance.packages.signed.minisign import PublicKey

Slot = Literal["stable", "candidate", "previous"]
News = Iterator[Progress | object]
"""What an operation tells: its steps, and what came of it."""


class _Reading(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Version(_Reading):
    """One version behind an alias, as administrators are told of it."""

    slot: Slot
    package: str
    release_counter: int | None = None
    version: str
    state: Literal["starting", "ready", "stopped"] = "ready"
    share: int = 0
    tenants: tuple[str, ...] = ()
    since: str = ""
    by: str = ""
    context_length: int = 0
    languages: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Package and version, as answers and the audit name it."""
        return f"{self.package}:{self.version}"


class ServedModel(_Reading):
    """One alias, as `GET /v1/models` tells of it. `variants` is empty for those who may not manage models."""

    id: str
    kind: str
    package: str
    version: str | None = None
    context_length: int
    languages: tuple[str, ...] = ()
    variants: tuple[Version, ...] = ()

    def get(self, slot: Slot) -> Version | None:
        """Return the version in a slot."""
        return next((one for one in self.variants if one.slot == slot), None)

    @property
    def label(self) -> str:
        """Package and version of what serves; of the embedder the package alone."""
        return self.package if self.version is None else f"{self.package}:{self.version}"


class ModelList(_Reading):
    """The answer of `GET /v1/models`."""

    data: tuple[ServedModel, ...]


@dataclass(frozen=True)
class Here:
    """What the appliance's machine has: facts of models, and packages."""

    facts: "ModelFacts"
    packages: "tuple[InstalledPackage, ...]" = ()


class ModelsWork(Protocol):
    """What only the appliance's machine can tell and do. Everything blocks; it raises `ApplianceError`."""

    def read(self, packages: Iterable[str]) -> Here:
        """Return facts of the models, among them those of `packages`, and what is installed."""
        ...

    def stageable(self) -> "tuple[Stageable, ...]":
        """Return the versions that could be started."""
        ...

    def tenants(self) -> tuple[str, ...]:
        """Return the names of the tenants."""
        ...

    def find(self, folder: Path | None) -> "Sequence[FoundPackage]":
        """Return the packages in a folder, or on the sticks."""
        ...

    def licence(self, folder: Path, licence: str) -> str:
        """Return the texts of the licence in a folder."""
        ...

    def key(self, file: Path) -> "PublicKey":
        """Return the key of a file."""
        ...

    def trust(self, file: Path, key_id: str) -> "PublicKey":
        """Take packages of the key that was shown."""
        ...

    def users_of(self, package: str) -> tuple[str, ...]:
        """Return the aliases that a model package serves."""
        ...

    def stage(self, alias: str, name: str, *, replace: bool) -> News:
        """Start a version beside what serves, or in its place."""
        ...

    def split(self, alias: str, percent: int, tenants: Sequence[str]) -> None:
        """Send a part of the requests to the candidate."""
        ...

    def promote(self, alias: str) -> News:
        """Let the candidate serve, behind the gate."""
        ...

    def roll_back(self, alias: str) -> News:
        """Let the version before serve."""
        ...

    def drop(self, alias: str) -> News:
        """Stop the candidate."""
        ...

    def install(self, file: Path, manifest: "Manifest | None", *, stage_only: bool) -> News:
        """Check a package and put it in use."""
        ...

    def roll_back_package(self, package: "InstalledPackage") -> News:
        """Put the other release in use."""
        ...

    def lost_by_return(self) -> Message | None:
        """Return what going back to the platform's other release loses, where it loses something."""
        ...

    def remove(self, kind: "Kind", name: str) -> None:
        """Remove a package."""
        ...


class ModelsSource(Protocol):
    """Gives the models; recorded ones stand in for it in tests."""

    @property
    def here(self) -> bool:
        """Whether the terminal runs on the appliance's machine."""
        ...

    def work(self) -> ModelsWork:
        """Return what that machine can do. It loads much: call it in a worker thread, and only where `here`."""
        ...

    async def read(self) -> ModelList:
        """Return the models that the key may use. Raises `ApplianceError` with what to do."""
        ...


class HttpModelsSource:
    """Reads `GET /v1/models`."""

    def __init__(self, connection: HttpConnection, local: Local | None) -> None:
        self._connection = connection
        self._local = local

    @property
    def here(self) -> bool:
        """Whether the terminal runs on the appliance's machine."""
        return self._local is not None

    def work(self) -> ModelsWork:
        """Return what that machine can do."""
        from appliance.tui.models_work import LocalModelsWork

        assert self._local is not None, "whoever asks has looked at `here`"
        return LocalModelsWork(self._local)

    async def read(self) -> ModelList:
        """Return the models that the key may use."""
        forbidden = PermissionDenied(
            _("The key in {file} may not see the models.", file=self._connection.key_file),
            _("Use one that may, then press r."),
        )
        return await self._connection.read("GET", "/v1/models", ModelList, forbidden)
