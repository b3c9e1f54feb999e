"""The bill of materials in CycloneDX's JSON: every distribution, model and scenario with version, hash and licence.

Format: https://cyclonedx.org/docs/1.6/json/ (ECMA-424).
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from appliance.core.clock import iso
from appliance.packages.platform.distributions import Distribution

FORMAT: Final = "CycloneDX"
VERSION: Final = "1.6"
_ROOT: Final = "appliance"


@dataclass(frozen=True)
class Part:
    """Something that is no distribution: a model, a scenario. `files` are path and SHA-256."""

    kind: str
    """CycloneDX's type: `machine-learning-model`, `data`."""
    name: str
    version: str
    licence: str
    files: tuple[tuple[str, str], ...]

    @property
    def reference(self) -> str:
        """Its name inside the bill."""
        return f"{self.kind}/{self.name}@{self.version}"


def bill_of_materials(
    version: str, distributions: Sequence[Distribution], parts: Sequence[Part], moment: datetime, seed: str
) -> str:
    """Return the document; equal input gives equal text. `seed` is what its serial number is made from."""
    inside = {one.name: one.purl for one in distributions}
    components = [_of_wheel(one) for one in distributions] + [_of_part(one) for one in parts]
    graph = [
        {"ref": one.purl, "dependsOn": sorted(inside[name] for name in one.needs if name in inside)}
        for one in distributions
    ]
    references = [one.purl for one in distributions] + [one.reference for one in parts]
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{VERSION}.schema.json",
        "bomFormat": FORMAT,
        "specVersion": VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {
            "timestamp": iso(moment),
            "lifecycles": [{"phase": "build"}],
            "component": {"type": "application", "bom-ref": _ROOT, "name": _ROOT, "version": version},
        },
        "components": components,
        "dependencies": [{"ref": _ROOT, "dependsOn": sorted(references)}, *graph],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _of_wheel(one: Distribution) -> dict[str, Any]:
    component = {
        "type": "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "description": one.summary,
        "hashes": [{"alg": "SHA-256", "content": one.sha256}],
        "licenses": _licences(one.licence, one.is_spdx),
        "purl": one.purl,
        "properties": [{"name": "appliance:file", "value": f"wheels/{one.file}"}],
    }
    return {key: value for key, value in component.items() if value}


def _of_part(one: Part) -> dict[str, Any]:
    files = [
        {"type": "file", "name": path, "hashes": [{"alg": "SHA-256", "content": digest}]} for path, digest in one.files
    ]
    return {
        "type": one.kind, "bom-ref": one.reference, "name": one.name, "version": one.version,
        "licenses": _licences(one.licence, True), "components": files,
    }  # fmt: skip


def _licences(licence: str, is_spdx: bool) -> list[dict[str, Any]]:
    return [{"expression": licence}] if is_spdx else [{"license": {"name": licence}}]
