"""Rules made ready: phrases read once and numbered, so that a turn is searched for all of them together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from appliance.core.messages import _

from .forms import Phrases, RuleForm, Said
from .loading import Contents, refuse
from .phrases import Lists, Phrase, PhraseError, read_phrase
from .scanning import Scanner

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and the numbers of its groups of phrases, by field: `say`, `when.customer_said`, …"""

    form: RuleForm
    groups: Mapping[str, int]


def compile_rules(contents: Contents) -> tuple[tuple[Rule, ...], Scanner]:
    """Read all phrases. Raises `ConfigError` with the rule and the phrase that is wrong."""
    nothing: dict[str, Lists] = {language: {} for language in LANGUAGES}
    lists: dict[str, dict[str, list[Phrase]]] = {language: {} for language in LANGUAGES}
    for name, phrases in contents.lists.items():
        for language in LANGUAGES:
            place = (contents.list_files[name], f"lists.{name}")
            lists[language][name] = _phrases(phrases, (language,), nothing, place)
    scanner = Scanner()
    rules = []
    for placed in contents.rules:
        groups = {}
        for field, said in _said_in(placed.form, ""):
            place = (placed.file, f"{placed.form.name}: {field}")
            wanted = _phrases(said, LANGUAGES, lists, place)
            exceptions = _phrases(said.but_not, LANGUAGES, lists, place) if said.but_not else []
            groups[field] = scanner.add(wanted, exceptions)
        rules.append(Rule(placed.form, groups))
    return tuple(rules), scanner


def _said_in(form: BaseModel, before: str) -> Iterator[tuple[str, Said]]:
    """Yield each field with phrases, those of conditions as `when.customer_said`."""
    for name in type(form).model_fields:
        value = getattr(form, name)
        if isinstance(value, Said):
            yield before + name, value
        elif isinstance(value, BaseModel):
            yield from _said_in(value, f"{before}{name}.")


def _phrases(
    phrases: Phrases, languages: tuple[str, ...], lists: Mapping[str, Lists], place: tuple[Path, str]
) -> list[Phrase]:
    read = []
    for language in languages:
        for text in getattr(phrases, language):
            try:
                read.append(read_phrase(text, language, lists[language]))
            except PhraseError as error:
                file, where = place
                reason = _("the phrase “{text}” cannot be read: {reason}", text=text[:80], reason=error.message)
                refuse(file, f"{where}.{language}", reason)
    return read
