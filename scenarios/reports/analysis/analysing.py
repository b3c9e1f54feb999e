"""The analysis of a dossier: figures of every year and interim period, comparison with peers, early warnings."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from appliance.scenario.words import Words

from ..fields.loading import fields_in_force
from ..models import Analysis, Dossier, Figure, Gap
from . import altman, rules
from . import peers as comparing
from .accounts import FILE as ACCOUNTS_FILE
from .accounts import accounts
from .computing import Computing
from .formulas import OWN as FORMULAS_FILE
from .formulas import Formulas, load
from .ledger import Ledger
from .warning import Warnings

_NUMBERS: Final = ("money", "share", "count", "months")
_FILES: Final = (ACCOUNTS_FILE, FORMULAS_FILE, "fields.yaml")


def analyse(dossier: Dossier, own: Path | None, peers: Path | None = None) -> Analysis:
    """Return figures, warnings and the years of a dossier; without statements only what fields alone give.

    `own` is the bank's folder with formulas.yaml, warnings.yaml and peers.csv; `peers` stands for the last.
    Raises `ConfigError` for a file of the bank that cannot be used.
    """
    formulas = formulas_in_force(own)
    manufacturer = altman.manufacturer(dossier, formulas)
    ledger = Ledger(dossier.items, dossier.conflicts)
    computing = Computing(dossier, formulas.with_z(manufacturer=manufacturer), ledger)
    zones: list[Figure] = []
    for frame in ledger.emitted():
        for name, one in computing.formulas.prepared.items():
            if computing.applies(one, frame):
                computing.figure(name, frame)
        if frame.year:
            zones.append(altman.zone(computing, frame, made_by_manufacturer=manufacturer))
    compared, gaps = _compared(computing, own, peers)
    known_rules = rules.load(computing.formulas, _fields(own), own / rules.OWN if own is not None else None)
    warnings = Warnings(computing, known_rules)
    findings = warnings.findings()
    return Analysis(
        figures=(*computing.done.values(), *zones, *compared, *warnings.figures),
        findings=findings,
        periods=ledger.years(),
        gaps=gaps,
    )


def formulas_in_force(own: Path | None) -> Formulas:
    """Return the formulas with those of the bank's folder over them; read again when a file changes."""
    stamps = tuple(_stamp(own / name) if own is not None else None for name in _FILES)
    return _kept(own, stamps)


@lru_cache(maxsize=8)
def _kept(own: Path | None, _stamps: tuple[tuple[int, int] | None, ...]) -> Formulas:
    return load(accounts(own), _fields(own, numbers=True), own / FORMULAS_FILE if own is not None else None)


def _fields(own: Path | None, *, numbers: bool = False) -> dict[str, Words]:
    """Return the titles of fields by name; with `numbers` of those that have one."""
    known = fields_in_force(own)
    typed = {name: (one.title, one.type) for name, one in known.fields.items()}
    for listed in known.lists.values():
        typed |= {name: (one.title, one.type) for name, one in listed.columns.items()}
    return {name: title for name, (title, kind) in typed.items() if not numbers or kind in _NUMBERS}


def _compared(computing: Computing, own: Path | None, peers_file: Path | None) -> tuple[list[Figure], tuple[Gap, ...]]:
    """Return the figures of the comparison, or the gap that stands for a missing list."""
    years = computing.ledger.years()
    if not years:
        return [], ()
    file = peers_file or (own / comparing.OWN if own is not None else None)
    if file is None or (peers_file is None and not file.is_file()):
        return [], (comparing.absent(computing.formulas, computing.language),)
    stated = comparing.read(file, computing.formulas, computing.language)
    sample = file.resolve() == comparing.SAMPLE
    made = []
    for period in years:
        made += comparing.compare(computing, computing.ledger.frames[period], stated, sample=sample)
    return made, ()


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
