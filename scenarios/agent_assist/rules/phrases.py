"""The language of phrases: alternatives, words that may be left out, gaps, word lists, numbers, endings.

A phrase is matched by following the set of places that it can have reached, so that its cost grows with its length and
the text's, whatever is written in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.core.messages import Message, _

from .tokens import END, is_number, narrow, tokens_of

GAP = {"zh": 12, "en": 6}
"""How many words a gap … may hold, by language."""
MAX_GAP = 30
MAX_LENGTH = 200
MAX_DEPTH = 4
MAX_NUMERALS = 12
_OPENING = {"[": "]", "(": ")"}


class PhraseError(ValueError):
    """A phrase that cannot be read; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Literal:
    """Words that follow each other."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stem:
    """A word that begins so, with any ending."""

    start: str


@dataclass(frozen=True, slots=True)
class Number:
    """One number, in digits or Chinese numerals."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Up to so many words of the same sentence."""

    width: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences, or none of them where it may be left out."""

    of: tuple["Phrase", ...]
    optional: bool


Piece = Literal | Stem | Number | Gap | Choice
Phrase = tuple[Piece, ...]
Lists = Mapping[str, Sequence[Phrase]]


def reached(phrase: Phrase, words: Sequence[str], places: set[int]) -> set[int]:
    """Return the places behind a phrase that begins at one of `places`; empty where it is not there."""
    for piece in phrase:
        places = _step(piece, words, places)
        if not places:
            break
    return places


def _step(piece: Piece, words: Sequence[str], places: set[int]) -> set[int]:
    match piece:
        case Literal(wanted):
            length = len(wanted)
            return {at + length for at in places if tuple(words[at : at + length]) == wanted}
        case Stem(start):
            return {at + 1 for at in places if at < len(words) and words[at].startswith(start)}
        case Number():
            return {end for at in places for end in _numerals(words, at)}
        case Gap(width):
            return {end for at in places for end in _gap(words, at, width)}
        case Choice(of, optional):
            found = set(places) if optional else set()
            for phrase in of:
                found |= reached(phrase, words, places)
            return found


def _numerals(words: Sequence[str], at: int) -> list[int]:
    ends: list[int] = []
    while at < len(words) and len(ends) < MAX_NUMERALS and is_number(words[at]):
        at += 1
        ends.append(at)
    return ends


def _gap(words: Sequence[str], at: int, width: int) -> list[int]:
    ends = [at]
    while at < len(words) and len(ends) <= width and words[at] != END:
        at += 1
        ends.append(at)
    return ends


def first_pieces(phrase: Phrase) -> list[Literal | Stem | Number]:
    """Return what a phrase can begin with."""
    firsts: list[Literal | Stem | Number] = []
    for piece in phrase:
        if isinstance(piece, Choice):
            for one in piece.of:
                firsts += first_pieces(one)
            if piece.optional or any(may_be_empty(one) for one in piece.of):
                continue
        elif not isinstance(piece, Gap):
            firsts.append(piece)
        return firsts
    return firsts


def may_be_empty(phrase: Phrase) -> bool:
    """Tell whether a phrase is there where nothing is said."""
    return all(
        isinstance(piece, Gap)
        or (isinstance(piece, Choice) and (piece.optional or any(may_be_empty(one) for one in piece.of)))
        for piece in phrase
    )


def _open_ended(phrase: Phrase, at: int) -> bool:
    """Tell whether a gap can be the first (`at` 0) or the last (`at` -1) of a phrase."""
    rest = phrase
    while rest:
        piece = rest[at]
        if isinstance(piece, Gap):
            return True
        if not isinstance(piece, Choice):
            return False
        if any(_open_ended(one, at) for one in piece.of):
            return True
        if not piece.optional:
            return False
        rest = rest[1:] if at == 0 else rest[:-1]
    return False


def read_phrase(text: str, language: str, lists: Lists) -> Phrase:
    """Read a phrase of the language `zh` or `en`. Raises `PhraseError`."""
    if len(text) > MAX_LENGTH:
        raise PhraseError(_("a phrase has at most {count} characters", count=MAX_LENGTH))
    reader = _Reader(narrow(text).replace("...", "…"), language, lists)
    phrase = reader.sequence("", 0)
    if may_be_empty(phrase):
        raise PhraseError(_("something in a phrase must be said: not all of it may be left out"))
    if _open_ended(phrase, 0) or _open_ended(phrase, -1):
        raise PhraseError(_("a gap stands between words, not at the beginning or the end of a phrase"))
    return phrase


class _Reader:
    """Reads one phrase from left to right."""

    def __init__(self, text: str, language: str, lists: Lists) -> None:
        self._text, self._language, self._lists = text, language, lists
        self._at = 0

    def sequence(self, closing: str, depth: int) -> Phrase:
        """Read up to `closing` or a bar, which stay unread."""
        pieces: list[Piece] = []
        plain = ""
        while self._at < len(self._text):
            sign = self._text[self._at]
            if closing and sign in (closing, "|"):
                break
            if sign in "[(<{#…*":
                pieces += self._words(plain, stem=sign == "*")
                plain = ""
                pieces += self._special(sign, depth)
            elif sign in "])}>|":
                raise PhraseError(_("{sign} closes nothing; write [this|that], (perhaps) or <list>", sign=sign))
            else:
                plain += sign
                self._at += 1
        pieces += self._words(plain, stem=False)
        return tuple(pieces)

    def _special(self, sign: str, depth: int) -> list[Piece]:
        self._at += 1
        if sign == "#":
            return [Number()]
        if sign == "*":
            return []
        if sign == "…":
            while self._text[self._at : self._at + 1] == "…":
                self._at += 1
            return [Gap(GAP[self._language])]
        if sign == "{":
            return [self._gap()]
        if sign == "<":
            return [self._list()]
        return [self._choice(_OPENING[sign], depth + 1)]

    def _words(self, plain: str, *, stem: bool) -> list[Piece]:
        words = [word for word in tokens_of(plain).words if word != END]
        if not stem:
            return [Literal(tuple(words))] if words else []
        if not words or not plain[-1:].isascii() or not plain[-1:].isalpha() or len(words[-1]) < 2:
            raise PhraseError(_("* stands right behind a word of at least two letters, as in guarantee*"))
        before: list[Piece] = [Literal(tuple(words[:-1]))] if words[1:] else []
        return [*before, Stem(words[-1])]

    def _until(self, closing: str) -> str:
        end = self._text.find(closing, self._at)
        if end < 0:
            raise PhraseError(_("{sign} is missing", sign=closing))
        begin, self._at = self._at, end + 1
        return self._text[begin:end].strip()

    def _gap(self) -> Piece:
        width = self._until("}")
        if not (width.isascii() and width.isdigit() and 1 <= int(width) <= MAX_GAP):
            raise PhraseError(_("a gap's width in {{…}} is a number from 1 to {count}", count=MAX_GAP))
        return Gap(int(width))

    def _list(self) -> Piece:
        name = self._until(">")
        if not self._lists.get(name):
            raise PhraseError(
                _("there is no list {name} with words in {language}", name=name or "<>", language=self._language)
            )
        return Choice(tuple(self._lists[name]), optional=False)

    def _choice(self, closing: str, depth: int) -> Piece:
        if depth > MAX_DEPTH:
            raise PhraseError(_("brackets stand at most {count} deep", count=MAX_DEPTH))
        of = []
        while True:
            phrase = self.sequence(closing, depth)
            if not phrase:
                raise PhraseError(_("an alternative is empty; what may be left out stands in (…)"))
            of.append(phrase)
            if self._at >= len(self._text):
                raise PhraseError(_("{sign} is missing", sign=closing))
            self._at += 1
            if self._text[self._at - 1] == closing:
                return Choice(tuple(of), optional=closing == ")")
