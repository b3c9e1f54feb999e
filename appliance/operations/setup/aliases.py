"""Which alias each model package gets at the first start: its maker's word, what it is tuned for, or the reader's."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from appliance.core.messages import Message, _
from appliance.packages.signed.manifest import Manifest
from appliance.serving.names import EMBEDDER_ALIAS

GENERAL: Final = "general"
"""The alias that scenarios ask; without another model the base model stands behind it."""
_DOMAINS: Final = ("finance",)
"""Aliases that the defaults name beside `general`: a package whose name has one as a word is tuned for it."""
_ALIAS: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def aliases_for(models: Sequence[Manifest], given: Mapping[str, str]) -> dict[str, str]:
    """Return alias and package name of each model package, no alias twice.

    `given` has aliases by package name that somebody chose; they go first, then what manifests say, then names. The
    first package that nothing is known of becomes `general`, any other gets its own name.
    """
    names = list(dict.fromkeys(one.name for one in models))
    found: dict[str, str] = {}
    for wishes in (given, _said(models), _by_name(names)):
        for name in names:
            alias = wishes.get(name)
            if alias is not None and alias not in found and name not in found.values():
                found[alias] = name
    for name in names:
        if name not in found.values():
            found[_free(GENERAL if GENERAL not in found else name, found)] = name
    return {alias: name for name in names for alias, held in found.items() if held == name}


def alias_fault(alias: str, package: str, taken: Mapping[str, str]) -> Message | None:
    """Say why `package` cannot have an alias; None where it can. `taken` has packages by alias."""
    if _ALIAS.fullmatch(alias) is None:
        return _("An alias has 1 to 63 of a–z, 0–9, . _ and -, and begins with a letter or a digit.")
    if alias == EMBEDDER_ALIAS:
        return _("The alias {alias} belongs to the embedding model.", alias=alias)
    if taken.get(alias, package) != package:
        return _("The alias {alias} is that of {package}: give that one another first.", alias=alias,
                 package=taken[alias])  # fmt: skip
    return None


def _said(models: Sequence[Manifest]) -> dict[str, str]:
    return {one.name: one.alias for one in models if one.alias not in (None, EMBEDDER_ALIAS)}


def _by_name(names: Sequence[str]) -> dict[str, str]:
    words = {name: set(re.split(r"[._-]", name)) for name in names}
    return {name: domain for name in names for domain in _DOMAINS if domain in words[name]}


def _free(wanted: str, taken: Mapping[str, str]) -> str:
    """Return `wanted`, or with the first number that makes it free, where another package was given that name."""
    reserved = {*taken, EMBEDDER_ALIAS}
    return next(name for name in (wanted, *(f"{wanted[:58]}-{n}" for n in range(2, 1000))) if name not in reserved)
