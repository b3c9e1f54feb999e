"""What is wrong with the bank's data, and where: file, row and column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _

SHOWN: Final = 20
"""How many faults one error names; the rest are counted."""


@dataclass(frozen=True)
class Fault:
    """One fault. `row` counts from 1 with the header, None: the whole file; a `warning` keeps nothing from computing.

    `key` is what the row is about, such as a product, where the fault concerns that alone.
    """

    table: str
    file: str
    row: int | None
    column: str | None
    what: Message
    severity: Literal["error", "warning"] = "error"
    key: str | None = None

    @property
    def message(self) -> Message:
        """The fault with its place."""
        if self.row is None:
            return _("{file}: {what}", file=self.file, what=self.what)
        if self.column is None:
            return _("{file}, row {row}: {what}", file=self.file, row=self.row, what=self.what)
        return _(
            "{file}, row {row}, column {column}: {what}",
            file=self.file, row=self.row, column=self.column, what=self.what,
        )  # fmt: skip


def errors_in(faults: Iterable[Fault]) -> list[Fault]:
    """Return those that keep something from being computed."""
    return [fault for fault in faults if fault.severity == "error"]


def refused(faults: Sequence[Fault]) -> InvalidRequest:
    """Return the error that names faults, at least one, with their places."""
    lines = faults[0].message
    for fault in faults[1:SHOWN]:
        lines = _("{first}\n{second}", first=lines, second=fault.message)
    more = len(faults) - SHOWN
    if more > 0:
        lines = _("{first}\n{second}", first=lines, second=_("and {count} more", count=more))
    return InvalidRequest(
        _("The data cannot be used:\n{faults}.", faults=lines),
        _("Correct these cells in the file and supply it again; nothing was computed from it."),
        code="data_not_valid",
    )
