"""What accounts, fields and kinds of documents are called, as the parts that read them say."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_yaml

_PACK: Final = Path(__file__).resolve().parent.parent
FILES: Final = {
    "item": ("statements/accounts.yaml", "accounts"),
    "fact": ("fields/fields.yaml", "fields"),
    "kind": ("sorting/kinds.yaml", "kinds"),
    "figure": ("analysis/formulas.yaml", "formulas"),
}


@cache
def _titles(form: str) -> dict[str, Words]:
    file, field = FILES[form]
    path = _PACK / file
    if not path.is_file():
        return {}
    data = read_yaml(path)
    found = dict(_entries(data.get(field)))
    if form == "fact":
        lists = data.get("lists") or {}
        for entries in (lists, data.get("quotes"), *(one.get("columns") for one in lists.values())):
            found.update(_entries(entries))
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
