"""How far a first start has come: a power cut in the middle of it costs no step that was done."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from appliance.config.home import Home
from appliance.core.files import write_durably
from appliance.operations.setup.answers import Answers

ADMINISTRATOR: Final = "administrator"
"""The step that needs a password."""
_FILE: Final = "setup.json"


class Journal(BaseModel):
    """What is written down."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    answers: str
    """Digest of the answers that it belongs to."""
    done: tuple[str, ...] = ()


@dataclass
class Steps:
    """The journal of one first start; each step that is done is written before the next begins."""

    file: Path
    journal: Journal

    @classmethod
    def of(cls, home: Home, answers: Answers) -> "Steps":
        """Return the journal of these answers, as it was left; other answers begin anew."""
        file, digest = _place(home), _digest(answers)
        left = _read(file)
        return cls(file, left if left is not None and left.answers == digest else Journal(answers=digest))

    def has(self, step: str) -> bool:
        """Tell whether a step was done."""
        return step in self.journal.done

    def did(self, step: str) -> None:
        """Write down that a step is done. Raises `DiskFull`."""
        self.journal = self.journal.model_copy(update={"done": (*self.journal.done, step)})
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(self.file, self.journal.model_dump_json().encode(), 0o600)

    def forget(self) -> None:
        """Remove the journal: everything is done."""
        self.file.unlink(missing_ok=True)


def unfinished(home: Home) -> bool:
    """Tell whether a first start was begun here and has not come to its end."""
    return _read(_place(home)) is not None


def _place(home: Home) -> Path:
    return home.state / _FILE


def _digest(answers: Answers) -> str:
    text = json.dumps(answers.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(file: Path) -> Journal | None:
    try:
        return Journal.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):  # half a file is no journal: every step looks for itself what is there
        return None
