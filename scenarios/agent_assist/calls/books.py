"""The YAML files of this pack as they are in force: looked at again and again, and exchanged while calls go on.

Each file of the pack may have one of the same name in the bank's own folder, which adds to it or replaces by name. A
file that cannot be used changes nothing: the last good one stays, and what is wrong is logged and shown.
"""

import asyncio
import contextvars
import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import structlog
import yaml

from appliance.core.clock import iso, utc_now
from appliance.core.errors import ApplianceError, ConfigError
from appliance.core.messages import _
from appliance.core.protocols import Embedder, Vectors
from appliance.scenario.yaml_bounds import check_yaml, unusable

from ..afterwards.forms import FormBook
from ..afterwards.tags import TagBook
from ..guidance import PlayBook, ReplyBook
from ..intents import IntentBook
from ..reading.risk import RiskRules
from ..reading.vocabulary import Vocabulary
from ..rules import RuleBook
from .settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger("agent-assist")

LOOK_EVERY_S = 2.0
_PACK = Path(__file__).resolve().parents[1]
_SHIPPED: Final[Mapping[str, Path]] = {
    "intents.yaml": _PACK / "intents" / "intents.yaml",
    "vocabulary.yaml": _PACK / "reading" / "vocabulary.yaml",
    "risk.yaml": _PACK / "reading" / "risk.yaml",
    "rules.yaml": _PACK / "rules" / "rules.yaml",
    "playbooks.yaml": _PACK / "guidance" / "playbooks.yaml",
    "replies.yaml": _PACK / "guidance" / "replies.yaml",
    "forms.yaml": _PACK / "afterwards" / "forms.yaml",
    "tags.yaml": _PACK / "afterwards" / "tags.yaml",
    "settings.yaml": _PACK / "calls" / "settings.yaml",
}
_Load = Callable[[Path, Path | None], Any]
_Stamp = tuple[int, int, int] | None
_UNREADABLE: _Stamp = (0, 0, 0)


@dataclass(frozen=True)
class Books:
    """What all calls go by from their next turn on. Never changed, only exchanged whole."""

    intents: IntentBook
    vocabulary: Vocabulary
    risk: RiskRules
    rules: RuleBook
    playbooks: PlayBook
    replies: ReplyBook
    forms: FormBook
    tags: TagBook
    settings: Settings


@dataclass(frozen=True)
class FileState:
    """One file, as it is in force."""

    name: str
    book: Any = field(repr=False)
    version: str
    """Changes with the content of either file."""
    shipped: int
    """Entries of the shipped file."""
    own: int | None
    """Entries of the bank's own; None where it has none."""
    loaded_at: str
    warnings: tuple[str, ...]
    stamp: _Stamp = field(repr=False)
    """Of the bank's own file when it was last looked at, good or not."""
    fault: ApplianceError | None = None
    """Why the bank's own file, as it is now, is not in force."""


class Shelf:
    """The books of one replica."""

    def __init__(self, own_files: Path, embedder: Callable[[], Embedder | None]) -> None:
        """Take the bank's own folder, which may not exist, and what embeds examples of intents."""
        self._own = own_files
        self._embedder = embedder
        self._files: dict[str, FileState] = {}
        self._books: Books | None = None
        self._loading = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None

    async def now(self) -> Books:
        """Return the books in force; the first time they are loaded. Raises `ConfigError` for a faulty shipped file."""
        if self._books is None:
            await self.refresh()
        assert self._books is not None, "refresh sets them or raises"
        if self._looking is None:
            look = self._look_for_ever()
            self._looking = asyncio.get_running_loop().create_task(look, context=contextvars.Context())
        return self._books

    async def refresh(self) -> None:
        """Load what has changed since it was last looked at, in a thread."""
        async with self._loading:
            await asyncio.to_thread(self._load_changed)

    @property
    def folder(self) -> str:
        """Name of the folder of the bank's own files, below the appliance's home folder."""
        return f"{self._own.name}/"

    def files(self) -> Sequence[FileState]:
        """Return each file as it is in force."""
        return tuple(self._files.values())

    def rules(self) -> RuleBook:
        """Return the rules in force; before the first call those that would be."""
        if self._books is not None:
            return self._books.rules
        book: RuleBook = self._loaded("rules.yaml", None).book
        return book

    def draft(self, text: str) -> RuleBook:
        """Return the shipped rules with a draft of the bank's own file. Raises `ConfigError` for a faulty draft."""
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "rules.yaml"
            try:
                draft.write_text(text, encoding="utf-8")
            except UnicodeEncodeError as error:
                raise unusable(draft, _("it is not UTF-8")) from error
            check_yaml(draft)
            return RuleBook.load(_SHIPPED["rules.yaml"], draft)

    def title_of_intent(self, name: str, language: str) -> str | None:
        """Return an intent's title; None for one that is not there any more, or before the books are loaded."""
        title = None if self._books is None else self._books.intents.titles.get(name)
        return None if title is None else title.within(language)

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next change must be seen
                log.error("looking after the YAML files failed", reason=type(error).__name__)

    def _load_changed(self) -> None:
        before = self._files
        files = {name: self._loaded(name, before.get(name)) for name in _SHIPPED}
        if all(files[name] is before.get(name) for name in files):
            return
        books = {name.removesuffix(".yaml"): state.book for name, state in files.items()}
        if self._books is None or any(books[name] is not getattr(self._books, name) for name in books):
            self._books = Books(**books)
        self._files = files

    def _loaded(self, name: str, before: FileState | None) -> FileState:
        """Return a file's state now: the very same one where nothing has changed."""
        own = self._own / name
        stamp = _stamp_of(own)
        if before is not None and before.stamp == stamp:
            return before
        try:
            state = self._fresh(name, own if stamp is not None else None, stamp)
        except Exception as raised:  # noqa: BLE001 - a file of the bank's own, whatever is in it, stops no call
            error = raised if isinstance(raised, ApplianceError) else unusable(own, type(raised).__name__)
            log.error("a YAML file is not in force", file=str(own), code=error.code, reason=error.render("en"))
            last = before or self._fresh(name, None, stamp)  # of a shipped file there is nothing to fall back to
            return replace(last, stamp=stamp, fault=error)
        if before is not None:
            log.info("a YAML file is in force", file=name, version=state.version)
        return state

    def _fresh(self, name: str, own: Path | None, stamp: _Stamp) -> FileState:
        shipped = _SHIPPED[name]
        if own is not None:
            check_yaml(own)
        book = self._loader(name)(shipped, own)
        digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in _parts(shipped, own)))
        return FileState(
            name=name,
            book=book,
            version=digest.hexdigest()[:12],
            shipped=_entries(_parts(shipped)),
            own=None if own is None else _entries([own]),
            loaded_at=iso(utc_now()),
            warnings=tuple(str(one) for one in getattr(book, "warnings", ())),
            stamp=stamp,
        )

    def _loader(self, name: str) -> _Load:
        loaders: Mapping[str, _Load] = {
            "intents.yaml": lambda shipped, own: IntentBook.load(shipped, own, self._embed),
            "vocabulary.yaml": Vocabulary.load,
            "risk.yaml": RiskRules.load,
            "rules.yaml": RuleBook.load,
            "playbooks.yaml": PlayBook.load,
            "replies.yaml": ReplyBook.load,
            "forms.yaml": FormBook.load,
            "tags.yaml": TagBook.load,
            "settings.yaml": Settings.load,
        }
        return loaders[name]

    def _embed(self, texts: Sequence[str]) -> Vectors:
        embedder = self._embedder()
        if embedder is None:
            raise ConfigError(
                _("Intents need an embedding model, and this site has none."),
                _("Set `embedder` in the site file."),
            )
        return embedder.embed(texts, "query")


def _stamp_of(path: Path) -> _Stamp:
    """Return what changes when a file does; None where there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # it is there and cannot be read: a fault, not a file that was taken away
        return _UNREADABLE
    return found.st_mtime_ns, found.st_size, found.st_ino


def _parts(*paths: Path | None) -> list[Path]:
    """Return files, and those of folders."""
    return [part for path in paths if path for part in ([path] if path.is_file() else sorted(path.glob("*.yaml")))]


def _entries(paths: Sequence[Path]) -> int:
    """Return how many entries files that load have: the items of their lists and maps at the top."""
    contents = [yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in paths]
    parts = [part for one in contents for part in (one.values() if isinstance(one, dict) else [one])]
    return sum(len(part) if isinstance(part, list | dict) else 1 for part in parts)
