"""Lexicon files: YAML with groups of words, and plain lists of one word a line that it names.

    version: "2026.1"
    extends: default              # the shipped lexicon; leave out to start from nothing
    drop: [外挂]                   # words of it that this site does not want
    allow: [无法轮换]               # phrases in which no word counts
    groups:
      - category: drugs
        tier: block               # block, mask or warn
        words:
          - 冰毒
          - {word: pot, whole_word: true, only_near: [smoke, weed], near: 20}
          - {word: 大麻, allow: [很大麻烦]}
        pairs:                    # each of the first with each of the second after it
          - {first: [出售, 求购], then: [枪支, 子弹]}
    lists:
      - {file: words.txt, category: site, tier: warn}

What a group says (`tier`, `pinyin`, `leet`, `whole_word`, `only_near`, `unless_near`, `near`) holds for its words
unless a word says otherwise. A list's file is looked for beside the YAML file; `#` opens a comment line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Annotated, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.core.validation import reason_for
from appliance.guardrails.verdict import Action

DEFAULT_FILE = Path(__file__).parent / "data" / "default.yaml"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Category = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Options(_Strict):
    """What a group or a word may say; None: as the level above says."""

    tier: Action | None = None
    pinyin: Literal["auto"] | bool | None = None
    """Match pinyin without tones too. auto: mixed with characters, and in full from three characters on; true: also
    in full for two, where many words sound alike; false: never."""
    leet: bool | None = None
    """Match Latin words of five letters or more with digits for letters (c0caine)."""
    whole_word: bool | None = None
    """Latin letters at the edges of the word must be the edges of a word of the text."""
    only_near: tuple[Text, ...] | None = None
    """Count only with one of these within `near` letters beside the word."""
    unless_near: tuple[Text, ...] | None = None
    """Do not count with one of these within `near` letters beside the word."""
    near: Annotated[int, Field(ge=1, le=200)] | None = None
    """Letters to each side, blanks and signs not counted."""


class WordModel(_Options):
    """One word of a group."""

    word: Text
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")] | None = None
    """Its name in verdicts; without one, a hash of the word, which keeps the word out of logs."""
    allow: tuple[Text, ...] = ()
    """Phrases that hold the word and in which it does not count."""


class PairModel(_Strict):
    """Words of two parts: each of `first` with each of `then` after it."""

    first: Annotated[tuple[Text, ...], Field(min_length=1)]
    then: Annotated[tuple[Text, ...], Field(min_length=1)]


class GroupModel(_Options):
    """Words of one category."""

    category: Category
    words: tuple[Text | WordModel, ...] = ()
    pairs: tuple[PairModel, ...] = ()


class ListModel(_Options):
    """A plain list of words; matched as written unless it asks for more."""

    file: Text
    category: Category
    tier: Action
    pinyin: Literal["auto"] | bool | None = False
    leet: bool | None = False


class FileModel(_Strict):
    """A lexicon file."""

    version: Text
    extends: Literal["default"] | None = None
    drop: tuple[Text, ...] = ()
    allow: tuple[Text, ...] = ()
    groups: tuple[GroupModel, ...] = ()
    lists: tuple[ListModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One word with everything that is said about it."""

    word: str
    category: str
    tier: Action
    id: str | None = None
    pinyin: Literal["auto"] | bool = "auto"
    leet: bool = True
    whole_word: bool = True
    only_near: tuple[str, ...] = ()
    unless_near: tuple[str, ...] = ()
    near: int = 12
    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """What lexicon files say, read and checked, with the bytes of every file it came from."""

    version: str
    entries: tuple[Entry, ...]
    allow: tuple[str, ...] = ()
    files: dict[Path, bytes] = field(default_factory=dict)


def read_source(path: Path) -> Source:
    """Read a lexicon file and those it names. Raises `ConfigError` that names file, entry and what to do."""
    content = _read(path)
    model = _parse(content, path)
    base = read_source(DEFAULT_FILE) if model.extends else Source("", ())
    files = {**base.files, path: content}
    unwanted = _unwanted(model, base, path)
    entries = [entry for entry in base.entries if entry.word not in unwanted]
    for group in model.groups:
        entries.extend(_of_group(group))
    for listed in model.lists:
        file = path.parent / listed.file
        files[file] = _read(file)
        entries.extend(_made(listed, listed.category, word) for word in _lines(files[file], file))
    version = f"{base.version}+{model.version}" if model.extends else model.version
    return Source(version, tuple(entries), (*base.allow, *model.allow), files)


def _unwanted(model: FileModel, base: Source, path: Path) -> frozenset[str]:
    known = {entry.word for entry in base.entries}
    for word in model.drop:
        if word not in known:
            raise ConfigError(
                _("{file}: drop names {word}, which the extended lexicon does not have.", file=path, word=word),
                _("Write it as the shipped lexicon does, or take it out of drop."),
            )
    return frozenset(model.drop)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            _("The lexicon file {file} cannot be read: {reason}.", file=path, reason=error.strerror or str(error)),
            _("Check that it exists and that the service may read it."),
        ) from error


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(
            _("The lexicon file {file} is not UTF-8 text (line {line}).", file=path, line=line),
            _("Save it as UTF-8."),
        ) from error


def _parse(content: bytes, path: Path) -> FileModel:
    try:
        # The C loader reads a thousand words in a tenth of the time.
        raw = yaml.load(_decoded(content, path), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        raise ConfigError(
            _("{source} is not valid YAML: {reason}", source=path, reason=str(error).replace("\n", " ")),
            _("Mend the line that it names."),
        ) from error
    try:
        return FileModel.model_validate(raw)
    except ValidationError as error:
        fault = max(error.errors(), key=lambda found: len(found["loc"]))
        reason = (
            _("unknown name")
            if fault["type"] == "extra_forbidden"
            else reason_for(fault["type"], fault.get("ctx", {}), fault["msg"])
        )
        raise ConfigError(
            _("The lexicon file {file} cannot be used: {where}: {reason}.",
              file=path, where=_where(raw, fault["loc"]), reason=reason),
            _("Mend the entry; the last lexicon that was right stays in use."),
        ) from error  # fmt: skip


def _where(raw: object, location: tuple[int | str, ...]) -> str:
    """Return a fault's place: the path, with the word itself where it is one of an entry's fields."""
    parts: list[str] = []
    node: object = raw
    for step in location:
        if isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
            word = node.get("word", node.get("category")) if isinstance(node, dict) else node
            parts.append(f"{step + 1} ({word})" if isinstance(word, str) else str(step + 1))
        elif isinstance(node, dict) and (step in node or step == location[-1]):
            node = node.get(step)
            parts.append(str(step))
    return " / ".join(parts) or "-"


def _of_group(group: GroupModel) -> Iterator[Entry]:
    for word in group.words:
        yield _made(group, group.category, word)
    for pair in group.pairs:
        for first, then in product(pair.first, pair.then):
            yield _made(group, group.category, first + then)


def _made(level: _Options, category: str, word: str | WordModel) -> Entry:
    """Return an entry from what its group or list says and what it says itself."""
    own = WordModel(word=word) if isinstance(word, str) else word
    said = {name: getattr(level, name) for name in _Options.model_fields if getattr(level, name) is not None}
    said |= {name: getattr(own, name) for name in _Options.model_fields if getattr(own, name) is not None}
    tier = cast("Action", said.pop("tier", "block"))
    return Entry(own.word, category, tier, own.id, allow=own.allow, **said)


def _lines(content: bytes, path: Path) -> Iterator[str]:
    for number, line in enumerate(_decoded(content, path).splitlines(), start=1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if len(word) > 100:
            raise _too_long(path, number)
        yield word


def _too_long(path: Path, number: int) -> ConfigError:
    return ConfigError(
        _("{file}, line {line}: a word may have at most 100 characters.", file=path, line=number),
        _("Write one word a line."),
    )


def wrong_entry(entry: Entry, reason: Message) -> ConfigError:
    """Return the error for an entry that cannot be compiled."""
    return ConfigError(
        _("The lexicon entry {word} of {category} cannot be used: {reason}.",
          word=entry.word, category=entry.category, reason=reason),
        _("Mend the entry; the last lexicon that was right stays in use."),
    )  # fmt: skip
