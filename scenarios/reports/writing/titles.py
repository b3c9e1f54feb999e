"""What accounts, fields and kinds of documents are called, as the parts that read them say."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_yaml

_PACK: Final = Path(__file__).resolve().parent.parent
FILES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "item": (("statements/accounts.yaml", "accounts"),),
    "fact": (("fields/fields.yaml", "fields"), ("fields/fields.yaml", "lists"), ("fields/fields.yaml", "quotes")),
    "kind": (("sorting/kinds.yaml", "kinds"),),
    "figure": (("analysis/formulas.yaml", "formulas"), ("datasets/figures.yaml", "")),
}
"""Of each form the files, and where in them the entries stand; empty: all of the file."""


@cache
def _titles(form: str) -> dict[str, Words]:
    found: dict[str, Words] = {}
    for file, field in FILES[form]:
        path = _PACK / file
        data = read_yaml(path) if path.is_file() else {}
        listed = data.get(field) if field else data
        found.update(_entries(listed))
        for one in listed.values() if isinstance(listed, Mapping) else ():
            if isinstance(one, Mapping):
                found.update(_entries(one.get("columns")))
    return found


def _entries(listed: object) -> Iterator[tuple[str, Words]]:
    entries: list[tuple[str, Any]] = []
    if isinstance(listed, Mapping):
        entries = [(str(name), one) for name, one in listed.items()]
    elif isinstance(listed, list):
        entries = [(str(one.get("code") or one.get("name")), one) for one in listed if isinstance(one, Mapping)]
    for name, one in entries:
        if isinstance(one, Mapping) and isinstance(one.get("title"), Mapping):
            yield name, Words.model_validate(one["title"])


def title(form: str, name: str, language: str) -> str | None:
    """Return what an item, a fact, a kind or a figure is called; None: no file says it."""
    words = _titles(form).get(name)
    return words.within(language) if words is not None else None


def spelled(name: str) -> str:
    """Return a name in words, for what no file gives a title."""
    return name.replace(".", " ").replace("_", " ")


def kind_title(kinds: str, language: str) -> str:
    """Return what one of the kinds a|b is called; several are joined by or."""
    names = [title("kind", one, language) or spelled(one) for one in kinds.split("|")]
    return ("或" if language.startswith("zh") else " or ").join(names)
