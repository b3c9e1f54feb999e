"""What a check of the audit log finds, and where."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from appliance.core.messages import Message, _

FaultKind = Literal[
    "changed", "rewritten", "missing", "cut", "added", "reordered", "unreadable",
    "content_changed", "content_missing",
    "checkpoint_forged", "checkpoint_missing", "head_missing", "head_forged", "rolled_back",
    "key_unknown", "suite_unknown", "line_unreadable", "storage",
]  # fmt: skip
MOST_FAULTS: Final = 10_000
_RANGES: Final = ("changed", "unreadable", "content_changed", "content_missing", "suite_unknown")


@dataclass(frozen=True)
class Fault:
    """One fault. `first` and `last` are record numbers, both included, unless `kind` says otherwise."""

    kind: FaultKind
    first: int
    last: int
    origin: int | None = None
    """Of a reordered record: the place that it came from, where it was found out."""
    detail: str = ""
    """Of `storage`: the database's words; of keys and suites: their name."""

    def told(self) -> Message:
        """Return it as a sentence."""
        return _sentence(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `appliance audit verify --json` prints it."""
        return {
            "kind": self.kind, "first": self.first, "last": self.last, "origin": self.origin, "detail": self.detail,
            "message": str(self.told()),
        }  # fmt: skip


@dataclass(frozen=True)
class Retired:
    """Records that retention removed lawfully."""

    first: int
    last: int
    at: str
    actor: str | None


@dataclass
class Report:
    """What was checked and what was found; `faults` holds at most `MOST_FAULTS`, in the order of the log."""

    first: int = 0
    last: int = 0
    records: int = 0
    checkpoints: int = 0
    signed_at: str | None = None
    """When the end of the log, or of the export, was signed."""
    retired: list[Retired] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing was changed."""
        return not self.faults

    def add(self, fault: Fault) -> None:
        """Add a fault; neighbours of one kind become one range."""
        last = self.faults[-1] if self.faults else None
        if last and last.kind == fault.kind and fault.kind in _RANGES and last.last + 1 == fault.first:
            self.faults[-1] = Fault(fault.kind, last.first, fault.last, None, last.detail)
        elif len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)
        else:
            self.more_faults += 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `appliance audit verify --json` prints it."""
        return {
            "ok": self.ok, "first": self.first, "last": self.last, "records": self.records,
            "checkpoints": self.checkpoints, "signed_at": self.signed_at,
            "retired": [vars(one) for one in self.retired], "faults": [fault.to_dict() for fault in self.faults],
            "more_faults": self.more_faults,
        }  # fmt: skip


def _sentence(fault: Fault) -> Message:
    match fault.kind:
        case "checkpoint_missing":
            place = _("Checkpoints number {first} to {last}", first=fault.first, last=fault.last)
        case "line_unreadable":
            place = _("Line {line} of the file", line=fault.first)
        case "storage":
            place = _("The database's file")
        case _ if fault.first == fault.last:
            place = _("Record {number}", number=fault.first)
        case _:
            place = _("Records {first} to {last}", first=fault.first, last=fault.last)
    return _("{place}: {what}.", place=place, what=_what(fault))


def _what(fault: Fault) -> Message:
    match fault.kind:
        case "reordered" if fault.origin is not None:
            return _("moved here from {origin}", origin=fault.origin)
        case "key_unknown":
            return _("signed by an unknown key, {key}", key=fault.detail)
        case "suite_unknown":
            return _("unknown algorithms, {name}", name=fault.detail)
        case "storage":
            return _("damaged, {detail}", detail=fault.detail)
        case _:
            return _WHAT[fault.kind]


_WHAT: Final[dict[str, Message]] = {
    "changed": _("changed"),
    "rewritten": _("the log was written anew here"),
    "missing": _("deleted"),
    "cut": _("cut off the end"),
    "added": _("added behind the signed end"),
    "reordered": _("out of order"),
    "unreadable": _("cannot be read"),
    "content_changed": _("the content was changed"),
    "content_missing": _("the content was deleted, and no retention did it"),
    "checkpoint_forged": _("the checkpoint here has a forged signature"),
    "checkpoint_missing": _("deleted"),
    "head_missing": _("the signature of the end is missing"),
    "head_forged": _("the signature of the end is forged"),
    "rolled_back": _("signed once and gone now, so this is an older log put back"),
    "line_unreadable": _("cannot be read"),
}
