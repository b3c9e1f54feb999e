"""What a wheel says of itself: name, version, licence, licence texts, and what it needs."""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message as Metadata
from email.parser import BytesParser
from pathlib import Path
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from appliance.core.errors import PackageError
from appliance.core.messages import _
from appliance.packages.checksums import sha256_of_file

LONGEST_NAME: Final = 100
"""Characters of a file name that the header of an archive's member has room for."""
# … and how others write it instead of an expression.
_WORDS: Final = {
    "Apache 2.0": "Apache-2.0", "Apache 2.0 License": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0",
    "MIT License": "MIT", "BSD": "BSD-3-Clause", "3-Clause BSD License": "BSD-3-Clause",
    "BSD-3-Clause and Public-Domain": "BSD-3-Clause",
}  # fmt: skip
# What the texts themselves begin with, for wheels whose metadata says nothing.
_OPENINGS: Final = (("Apache License", "Apache-2.0"), ("Permission is hereby granted, free of charge", "MIT"))
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|copyright|notice|authors)", re.IGNORECASE)
_LONGEST_TEXT: Final = 4 << 20
# How projects without a licence expression say it in their classifiers.
_CLASSIFIERS: Final = {
    "MIT License": "MIT", "Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC", "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "The Unlicense (Unlicense)": "Unlicense",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only", "Zope Public License": "ZPL-2.1",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-2.1-or-later",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND", "MIT No Attribution License (MIT-0)": "MIT-0",
}  # fmt: skip


@dataclass(frozen=True)
class Distribution:
    """One wheel. `licence` is an SPDX expression, or what its metadata says where that is none."""

    name: str
    version: str
    file: str
    sha256: str
    licence: str
    is_spdx: bool
    summary: str
    texts: tuple[tuple[str, str], ...]
    """Licence texts in the wheel: path and content."""
    needs: tuple[str, ...]
    """Names of the distributions that it needs on a machine like this one, without extras."""

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{self.name}@{self.version.replace('+', '%2B')}"


def read_wheel(path: Path) -> Distribution:
    """Read a wheel. Raises `PackageError` for a file that is none."""
    try:
        with zipfile.ZipFile(path) as wheel:
            (info,) = {name.split("/")[0] for name in wheel.namelist() if re.match(r"[^/]+\.dist-info/METADATA$", name)}
            metadata = BytesParser().parsebytes(wheel.read(f"{info}/METADATA"))
            texts = tuple(_texts(wheel, metadata, info))
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        raise PackageError(
            _("{file} is no wheel that can be read.", file=path.name), _("Remove it and build again.")
        ) from error
    licence, is_spdx = _licence(metadata, texts)
    return Distribution(
        canonicalize_name(str(metadata["Name"])), str(metadata["Version"]), path.name, sha256_of_file(path), licence,
        is_spdx, str(metadata["Summary"] or ""), texts, tuple(_needs(metadata.get_all("Requires-Dist", []))),
    )  # fmt: skip


def short_wheel_name(name: str) -> str:
    """Return a name of at most `LONGEST_NAME` characters: of tags that mean the same file, as few as are needed.

    Raises `PackageError` where one tag is too long by itself.
    """
    parts = name.removesuffix(".whl").split("-")
    platforms = parts[-1].split(".")
    for count in range(len(platforms), 0, -1):
        shortened = "-".join([*parts[:-1], ".".join(platforms[:count])]) + ".whl"
        if len(shortened) <= LONGEST_NAME:
            return shortened
    raise PackageError(_("The name of the wheel {file} is too long.", file=name), _("Shorten it before the build."))


def licence_page(one: Distribution) -> str:
    """Return one text of all that the wheel says about its licence."""
    parts = [f"{one.name} {one.version}\nLicence: {one.licence}\nFrom: {one.file}\n"]
    parts += [f"---- {path} ----\n\n{text.strip()}\n" for path, text in one.texts]
    if not one.texts:
        parts.append("The wheel carries no licence text; the line above is what its metadata declares.\n")
    return "\n".join(parts)


def _texts(wheel: zipfile.ZipFile, metadata: Metadata, info: str) -> Sequence[tuple[str, str]]:
    named = {f"{info}/{folder}{name}" for name in metadata.get_all("License-File", []) for folder in ("", "licenses/")}
    found = []
    for entry in wheel.infolist():
        place, _slash, name = entry.filename.rpartition("/")
        inside = place == info or place.startswith(f"{info}/licenses")
        wanted = entry.filename in named or (inside and _LICENCE_FILE.search(name)) or f"{info}/licenses" in place
        if wanted and not entry.is_dir() and entry.file_size <= _LONGEST_TEXT:
            found.append((entry.filename, wheel.read(entry).decode("utf-8", errors="replace")))
    return sorted(found)


def _licence(metadata: Metadata, texts: Sequence[tuple[str, str]]) -> tuple[str, bool]:
    declared = [str(metadata["License-Expression"] or ""), str(metadata["License"] or "").strip()]
    declared[1] = _WORDS.get(declared[1].partition("\n")[0], declared[1])
    for text in declared:
        try:
            return canonicalize_license_expression(text), True
        except InvalidLicenseExpression:
            continue
    classes = [one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier", []) if one.startswith("License ::")]
    known = [_CLASSIFIERS[one] for one in classes if one in _CLASSIFIERS]
    if known:
        return " AND ".join(sorted(set(known))), True
    if not declared[1] and not classes:
        for _path, text in texts:
            for opening, name in _OPENINGS:
                if text[:200].strip().startswith(opening) or (name == "MIT" and opening in text[:400]):
                    return name, True
    said = next((text.splitlines()[0] for text in (declared[1], *classes) if text), "NOASSERTION")
    return said[:200], False


def _needs(requirements: Sequence[str]) -> Sequence[str]:
    found = set()
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found.add(canonicalize_name(requirement.name))
    return sorted(found)
