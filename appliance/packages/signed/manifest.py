"""The manifest of a package: what it is, what it needs, and every file with its size and checksum."""

import json
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from appliance.core.errors import PackageError
from appliance.core.messages import Message, _
from appliance.core.validation import Fault, reason_for
from appliance.packages.recipe import PackageName, Sha256, Strict, one_line
from appliance.packages.signed.tar import refused

Kind = Literal["model", "scenario", "lexicon", "platform"]
KINDS: Final[tuple[Kind, ...]] = ("model", "scenario", "lexicon", "platform")
SCHEMA: Final = 1
MOST_FILES: Final = 20_000
LONGEST_PATH: Final = 250

Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9A-F]{16}$")]


class PackagedFile(Strict):
    """One file. `path` is relative, its parts divided by slashes."""

    path: str = Field(min_length=1, max_length=LONGEST_PATH)
    size: int = Field(ge=0)
    sha256: Sha256


class Platform(Strict):
    """Where the package works; null is everywhere."""

    arch: str | None = None
    """As the kernel names it, e.g. x86_64."""
    python: str | None = None
    """Major and minor version, e.g. 3.11."""
    accelerator: Literal["cpu", "gpu"] | None = None


EVERYWHERE: Final = Platform()


class Requirement(Strict):
    """Another package that must be there, in at least this release."""

    kind: Kind
    name: PackageName
    release_counter: int = Field(default=1, ge=1)


class Manifest(Strict):
    """`manifest.json`; it is signed as it stands, byte by byte."""

    schema_: Literal[1] = Field(alias="schema")
    kind: Kind
    name: PackageName
    version: Version
    release_counter: int = Field(ge=1)
    """Grows with each release; an older one is not taken in place of a newer one."""
    created: Annotated[AwareDatetime, Field(strict=False)]
    expires: Annotated[AwareDatetime, Field(strict=False)] | None = None
    """After this it is not installed any more; what is installed stays."""
    platform: Platform = EVERYWHERE
    requires: tuple[Requirement, ...] = Field(default=(), strict=False)
    conflicts: tuple[Requirement, ...] = Field(default=(), strict=False)
    files: Annotated[tuple[PackagedFile, ...], Field(strict=False, min_length=1, max_length=MOST_FILES)]
    total_unpacked: int = Field(ge=0)
    key_ids: Annotated[tuple[KeyId, ...], Field(strict=False, min_length=1)]
    """Keys that may have signed it."""
    min_installer: int = Field(default=SCHEMA, ge=1)
    """Lowest version of this format's reader that can install it."""
    licence: str
    """SPDX name, or the name of a file in the package."""
    source: str
    """Where its content comes from."""
    alias: PackageName | None = None
    """For a model: the alias that its maker means it for, such as `finance`; left out where there is none."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        paths = [file.path for file in self.files]
        for path in paths:
            if not is_safe(path):
                raise Fault(_("the path {path} leads out of the package", path=ascii(path)))
        folders = {path[:cut] for path in paths for cut, char in enumerate(path) if char == "/"}
        if self.alias is not None and self.kind != "model":
            raise Fault(_("only a model has an alias"))
        if len(set(paths)) != len(paths) or folders & set(paths):
            raise Fault(_("a file is listed twice"))
        if sum(file.size for file in self.files) != self.total_unpacked:
            raise Fault(_("total_unpacked is not the sum of the files"))
        return self

    @property
    def title(self) -> str:
        """Kind, name and version, as people say it."""
        return f"{self.kind} {self.name} {self.version}"

    def to_json(self) -> bytes:
        """Return the bytes that are signed and stored."""
        unsaid = {"alias"} if self.alias is None else None
        data = self.model_dump(mode="json", by_alias=True, exclude=unsaid)
        return (json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def parse_manifest(raw: bytes) -> Manifest:
    """Read a manifest whose signature is good. Raises `PackageError`, also for unknown and repeated fields."""
    try:
        data = json.loads(raw.decode("utf-8"), object_pairs_hook=_once)
        return Manifest.model_validate(data)
    except ValidationError as error:
        raise refused(_("its manifest is not valid: {reason}", reason=fault_of(error))) from error
    except (ValueError, RecursionError) as error:
        raise refused(_("its manifest is not valid: {reason}", reason=one_line(error))) from error


def fault_of(error: ValidationError) -> Message:
    """Return the first field at fault, and why."""
    fault = error.errors()[0]
    reason = reason_for(fault["type"], fault.get("ctx", {}), fault["msg"])
    return _("{where}: {reason}", where=".".join(map(str, fault["loc"])), reason=reason)


def is_safe(path: str) -> bool:
    """Tell whether a path stays inside the folder that it is put into, on every system."""
    parts = path.split("/")
    printable = path.isprintable() and "\\" not in path and ":" not in path
    return printable and all(part not in ("", ".", "..") for part in parts)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field is given twice")
    return fields


def wrong_kind(text: str) -> PackageError:
    """Return the error for a kind of package that does not exist."""
    return PackageError(
        _("There is no kind of package {kind}.", kind=ascii(text)),
        _("The kinds are {kinds}.", kinds=", ".join(KINDS)),
        code="unknown_kind",
    )
