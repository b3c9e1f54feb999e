"""What was hidden in the papers of a folder, so that tests know what a report has to find."""

from dataclasses import dataclass, field

from .companies import Truth
from .flows import Patterns


@dataclass(frozen=True)
class Disagreement:
    """Two papers that say different things; `values` as numbers in yuan where they are amounts."""

    about: str
    """Name of a field or an account, such as registered_capital or revenue@2025-12-31."""
    values: tuple[str | float, str | float]
    files: tuple[str, str]


@dataclass
class Planted:
    """Everything of one folder that a reader can be measured by."""

    company: str
    language: str
    files: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    """Document kind by file."""
    facts: dict[str, str | float] = field(default_factory=dict)
    """Right value by field; amounts in yuan."""
    conflicts: list[Disagreement] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    """What is missing, such as audit_report@2023 or bank_statement@2025-08."""
    other_company: list[str] = field(default_factory=list)
    """Files of another company."""
    scanned: list[str] = field(default_factory=list)
    """Files with pages that are pictures."""
    patterns: Patterns = field(default_factory=Patterns)
    truth: list[Truth] = field(default_factory=list)
    """Values of the statements of the three years."""


@dataclass
class Others:
    """What is in a folder of another kind of report."""

    subject: str
    language: str
    files: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str | float] = field(default_factory=dict)
    deviations: list[tuple[str, str]] = field(default_factory=list)
    """Clause or product with date, and what is wrong there."""

    def add(self, name: str, kind: str) -> None:
        """Note a file that was written."""
        self.files.append(name)
        self.kinds[name] = kind
