"""Whose papers the folder holds: the subject, and the papers of others, of which nothing is used."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..models import Reading
from ..sorting.companies import company_names, is_chinese, is_no_company, same_company, stem
from ..sorting.credit_codes import credit_codes
from ..sorting.kinds import Kinds

_TEXT: Final = 20000
"""Characters of a paper in which the subject's name is looked for."""


@dataclass(frozen=True)
class Papers:
    """Whose papers there are."""

    subject: str
    ours: tuple[Reading, ...]
    others: tuple[tuple[Reading, bool], ...]
    """Papers of others, and whether that is sure: a Chinese and an English name may be of one company."""
    mostly_other: str | None
    """The company whose papers most of them are, where it is not the subject."""


def whose(readings: Sequence[Reading], subject: str, kinds: Kinds) -> Papers:
    """Tell the subject's papers from those of others; an empty subject is the company of most papers."""
    stated = [reading for reading in readings if _way(reading, kinds) == "stated" and reading.file.company]
    wanted = subject.strip() or _most_named(stated) or _most_named(readings)
    if not wanted or is_no_company(wanted):
        return Papers(wanted, tuple(readings), (), None)
    known = _known(readings, wanted)
    ours: list[Reading] = []
    others: list[tuple[Reading, bool]] = []
    codes = {code for reading in stated if same_company(reading.file.company or "", wanted) for code in _codes(reading)}
    for reading in readings:
        mine = _is_ours(reading, wanted, known, codes, kinds)
        if mine:
            ours.append(reading)
        else:
            others.append((reading, mine is False))
    return Papers(wanted, tuple(ours), tuple(others), _mostly(stated, ours))


def _way(reading: Reading, kinds: Kinds) -> str:
    form = kinds.kinds.get(reading.file.kind)
    return form.company if form is not None else "mentioned"


def _most_named(readings: Sequence[Reading]) -> str:
    """Return the company of most papers, as it is written most often."""
    names = [reading.file.company for reading in readings if reading.file.company]
    if not names:
        return ""
    best = Counter(stem(name) for name in names).most_common(1)[0][0]
    return Counter(name for name in names if stem(name) == best).most_common(1)[0][0]


def _known(readings: Sequence[Reading], subject: str) -> set[str]:
    """Return the names in the other script that count as the subject's: those that the folder gives most often."""
    unclear = [
        company for reading in readings if (company := reading.file.company) and same_company(company, subject) is None
    ]
    sure = any(
        same_company(reading.file.company, subject) is True
        for reading in readings
        if reading.file.company and is_chinese(reading.file.company) != is_chinese(subject)
    )
    if not unclear or sure:
        return set()
    return {Counter(stem(name) for name in unclear).most_common(1)[0][0]}


def _is_ours(reading: Reading, subject: str, known: set[str], codes: set[str], kinds: Kinds) -> bool | None:
    """Say whether a paper is the subject's; None: its name cannot be compared, and nothing else tells."""
    company = reading.file.company
    way = _way(reading, kinds)
    if company is None or way == "none":
        return True
    same = same_company(company, subject)
    if same or stem(company) in known:
        return True
    text = _text(reading)
    own_codes = set(credit_codes(text))
    if codes & own_codes:
        return True
    if way == "mentioned" and _mentions(text, subject):
        return True
    return None if same is None and not own_codes else False


def _mentions(text: str, subject: str) -> bool:
    core = stem(subject)
    return core in stem(text) or any(same_company(name, subject) for name in company_names(text))


def _text(reading: Reading) -> str:
    parts = [passage.text for passage in reading.passages[:400]]
    parts += [cell for grid in reading.grids[:10] for row in grid.rows[:60] for cell in row[:12]]
    parts += [line for grid in reading.grids[:10] for line in grid.above]
    return "\n".join(part[:500] for part in parts)[:_TEXT]


def _codes(reading: Reading) -> list[str]:
    return credit_codes(_text(reading))


def _mostly(stated: Sequence[Reading], ours: Sequence[Reading]) -> str | None:
    """Return whose papers are more than the subject's, of those that say whose they are."""
    mine = {reading.file.id for reading in ours}
    own = sum(reading.file.id in mine for reading in stated)
    strangers = [reading for reading in stated if reading.file.id not in mine]
    return _most_named(strangers) if len(strangers) > own else None
