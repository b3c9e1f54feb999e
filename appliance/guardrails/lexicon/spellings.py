"""The ways in which a word of the lexicon may be spelled, beyond what folding makes alike: pinyin and digits.

Of pinyin: syllables in full, for some or all of the characters; first letters, for few; digits in the whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise, product

from appliance.guardrails.lexicon.entries import Entry
from appliance.guardrails.lexicon.folding import HIDDEN, NEWLINE, Folded, is_wordlike

_MOST_MIXED = 6  # characters of a word that is mixed in every way: 2^6 spellings
_MOST_KINDS = 4  # letters with a digit's shape that are replaced in every way
_LEAST_LEET = 5
_LEAST_INITIALS = 3  # characters of a word in which one may be a letter; of two, one alone says too little
_MOST_INITIALS = 2  # and at most half
_LEAST_BESIDE = 3  # characters beside two letters next to each other: GL平台 is also somebody's name
_DIGITS = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7", "l": "1"}


@dataclass(frozen=True, slots=True)
class Spelling:
    """Folded letters, and before which of them the lexicon's own form allows a gap."""

    key: str
    breaks: frozenset[int] = frozenset()


_NO_BREAKS: frozenset[int] = frozenset()


def spellings(entry: Entry) -> Iterator[Spelling]:
    """Yield the spellings of an entry, the plain one first; none twice."""
    plain = _plain(entry.word)
    seen = {plain.key}
    yield plain
    for spelling in (*_with_digits(entry, plain), *_with_pinyin(entry, plain)):
        if spelling.key not in seen:
            seen.add(spelling.key)
            yield spelling


def _plain(word: str) -> Spelling:
    folded = Folded(word)
    breaks: set[int] = set()
    letters = 0
    for char in folded.aligned:
        if char > NEWLINE:
            letters += 1
        elif char != HIDDEN:
            breaks.add(letters)
    inner = frozenset(at for at in breaks if 0 < at < letters)
    return Spelling(folded.skeleton, inner or _NO_BREAKS)


def _with_digits(entry: Entry, plain: Spelling) -> Iterator[Spelling]:
    """Yield the word with digits for letters: each set of letters throughout, and each single place."""
    key = plain.key
    if not entry.leet or len(key) < _LEAST_LEET or not (key.isascii() and key.isalpha()):
        return
    kinds = sorted({char for char in key if char in _DIGITS})
    sizes = range(1, len(kinds) + 1) if len(kinds) <= _MOST_KINDS else (1, len(kinds))
    for size in sizes:
        for chosen in combinations(kinds, size):
            table = {ord(char): _DIGITS[char] for char in chosen}
            yield Spelling(key.translate(table), plain.breaks)
    for at, char in enumerate(key):
        if char in _DIGITS:
            yield Spelling(key[:at] + _DIGITS[char] + key[at + 1 :], plain.breaks)


def _with_pinyin(entry: Entry, plain: Spelling) -> Iterator[Spelling]:
    """Yield the word with some or all of its characters in pinyin without tones."""
    key = plain.key
    if entry.pinyin is False or len(key) < 2 or not all("\u3400" <= char <= "\u9fff" for char in key):
        return
    for syllables in _readings(key):
        for chosen in _choices(len(key)):
            whole = all(chosen)
            if whole and len(key) == 2 and entry.pinyin is not True:
                continue
            spelling = _joined(key, syllables, chosen, plain.breaks)
            yield spelling
            if whole and entry.leet:
                yield from _digits_throughout(spelling)
        for chosen in _few(len(key)):
            yield _joined(key, [syllable[0] for syllable in syllables], chosen, plain.breaks)


def _digits_throughout(spelling: Spelling) -> Iterator[Spelling]:
    """Yield letters with one of them, and with all, written as digits."""
    kinds = sorted({char for char in spelling.key if char in _DIGITS})
    for chosen in (*([char] for char in kinds), kinds):
        yield Spelling(spelling.key.translate({ord(char): _DIGITS[char] for char in chosen}), spelling.breaks)


def _few(count: int) -> Iterator[tuple[bool, ...]]:
    """Yield which characters to write as the first letter of their pinyin."""
    if count < _LEAST_INITIALS:
        return
    for size in range(1, min(_MOST_INITIALS, count // 2) + 1):
        for chosen in combinations(range(count), size):
            if any(second - first == 1 for first, second in pairwise(chosen)) and count - size < _LEAST_BESIDE:
                continue
            yield tuple(at in chosen for at in range(count))


def _choices(count: int) -> Iterator[tuple[bool, ...]]:
    """Yield which characters to write in pinyin: every way for short words, else each run, and all but each run."""
    if count <= _MOST_MIXED:
        yield from (chosen for chosen in product((False, True), repeat=count) if any(chosen))
        return
    for start, end in combinations(range(count + 1), 2):
        run = tuple(start <= at < end for at in range(count))
        yield run
        if not all(run):
            yield tuple(not inside for inside in run)


def _readings(key: str) -> list[list[str]]:
    """Return the word's syllables, ü as u and, where it has one, as v too."""
    from pypinyin import Style, lazy_pinyin  # its dictionary takes 0.2 s and 30 MB: only for lexicons that use it

    with_v = lazy_pinyin(key, style=Style.NORMAL, v_to_u=False)
    with_u = [syllable.replace("v", "u") for syllable in with_v]
    return [with_u, with_v] if with_v != with_u else [with_u]


def _joined(key: str, syllables: list[str], chosen: tuple[bool, ...], breaks: frozenset[int]) -> Spelling:
    made = ""
    gaps: set[int] = set()
    for at, (char, syllable, latin) in enumerate(zip(key, syllables, chosen, strict=True)):
        if at in breaks or (at and latin and is_wordlike(made[-1])):
            gaps.add(len(made))
        made += syllable if latin else char
    return Spelling(made, frozenset(gaps) or _NO_BREAKS)
