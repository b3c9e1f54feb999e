"""How far a first start has come: a power cut in the middle of it costs no step that was done."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.config.home import Home
from appliance.core.files import fsync_folder, write_durably
from appliance.operations.setup.answers import Answers

ADMINISTRATOR: Final = "administrator"
"""The step that needs a password."""
SITE: Final = "site"
PLAN: Final = "plan"
_FILE: Final = "setup.json"
_LARGEST: Final = 1 << 20


class Journal(BaseModel):
    """What is written down."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    answers: str
    """Digest of the answers that it belongs to."""
    done: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Steps that were done, and what came of each, by which is seen whether it is still there."""
    site: tuple[str, ...] = ()
    """Digests of the site files that first starts here have written, or were about to: these are theirs to change."""

    def wrote_site(self, content: bytes) -> bool:
        """Tell whether a site file is one of those."""
        return _sha256(content) in self.site


@dataclass
class Steps:
    """The journal of one first start; each step that is done is written before the next begins."""

    file: Path
    journal: Journal
    begun_before: bool = False
    """Whether these answers have been begun before."""

    @classmethod
    def of(cls, home: Home, answers: Answers) -> "Steps":
        """Return the journal of these answers, as it was left; other answers begin anew."""
        file, digest = journal_file(home), _digest(answers)
        left = read_journal(home)
        if left is not None and left.answers == digest:
            return cls(file, left, begun_before=True)
        return cls(file, Journal(answers=digest, site=() if left is None else left.site))

    def has(self, step: str) -> bool:
        """Tell whether a step was done."""
        return step in self.journal.done

    def came_of(self, step: str) -> tuple[str, ...]:
        """Return what came of a step; empty for one that was not done."""
        return self.journal.done.get(step, ())

    def begin(self) -> None:
        """Write down that something is going to be changed. Raises `DiskFull`."""
        self._write(self.journal)

    def did(self, step: str, came: Sequence[str] = ()) -> None:
        """Write down that a step is done, and what came of it. Raises `DiskFull`."""
        done = {**self.journal.done, step: tuple(came)}
        if step == SITE:  # what the plan had put into the file is gone
            done.pop(PLAN, None)
        self._write(self.journal.model_copy(update={"done": done}))

    def will_write_site(self, text: str) -> None:
        """Write down which site file comes now, before it does: a power cut must not make it somebody else's."""
        digest = _sha256(text.encode())
        if digest not in self.journal.site:
            self._write(self.journal.model_copy(update={"site": (*self.journal.site, digest)}))

    def wrote_site(self, content: bytes) -> bool:
        """Tell whether a site file is one that first starts have written here."""
        return self.journal.wrote_site(content)

    def forget(self) -> None:
        """Remove the journal: everything is done."""
        self.file.unlink(missing_ok=True)
        if self.file.parent.is_dir():
            fsync_folder(self.file.parent)

    def _write(self, journal: Journal) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(self.file, journal.model_dump_json().encode(), 0o600)
        self.journal = journal


def unfinished(home: Home) -> bool:
    """Tell whether a first start was begun here and has not come to its end; also where its journal is damaged."""
    return journal_file(home).exists()


def journal_file(home: Home) -> Path:
    """Return where the journal is; absent: no first start is under way."""
    return home.state / _FILE


def answers_file(home: Home) -> Path:
    """Return where the wizard writes the answers."""
    return home.root / "answers.yaml"


def read_journal(home: Home) -> Journal | None:
    """Return the journal; None for none, and for half a file: every step looks for itself what is there."""
    try:
        with journal_file(home).open("rb") as opened:
            return Journal.model_validate_json(opened.read(_LARGEST))
    except (OSError, ValidationError):
        return None


def set_damaged_aside(home: Home) -> Path | None:
    """Keep a journal that cannot be read under another name; return that, None where there is nothing to keep."""
    file = journal_file(home)
    if not file.exists() or read_journal(home) is not None:
        return None
    kept = file.with_name(f"{file.name}.damaged")
    file.replace(kept)
    fsync_folder(file.parent)
    return kept


def _digest(answers: Answers) -> str:
    """Return what tells answers apart; the token, which is good once, does not."""
    values = answers.model_dump(mode="json", exclude={"join": {"token", "token_file"}})
    return _sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
