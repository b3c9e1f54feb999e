"""Names of people in Latin script: capitalised words weighed by name lists, endings, titles and the words around."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from appliance.guardrails.personal.english_names import (
    AMBIGUOUS,
    GIVEN,
    PARTICLES,
    SURNAME_ENDINGS,
    SURNAMES,
    TITLES,
)
from appliance.guardrails.personal.english_words import COMMON, ORGANISATIONS, PLACES
from appliance.guardrails.personal.letters import CAPITAL, LETTER
from appliance.guardrails.personal.spans import Span
from appliance.guardrails.personal.word_sets import phrases

_LONGEST = 5  # words
_SURE, _LIKELY = 0.55, 0.4
_CALENDAR = phrases("april; may; june; august")
_PARTICLE = "|".join(sorted(PARTICLES, key=len, reverse=True))
_WORD = rf"{CAPITAL}(?:(?:['’](?!s\b)|-)?{LETTER})*"
_TITLE = r"(?:Mr|Mrs|Ms|Dr|Prof|St)\."
_RUN = re.compile(
    rf"(?<![\w@/.#-])(?<!\w['’])(?:{CAPITAL}\.(?= )|{_WORD}|{_TITLE})"
    rf"(?: (?:(?:{_PARTICLE}) ){{0,2}}(?:{_TITLE}|{_WORD}(?:(?<= {CAPITAL})\.)?)){{0,11}}"
)
_TOKEN = re.compile(r"[^ ]+")
_INITIAL = re.compile(rf"{CAPITAL}\.?")
_NUMERAL = re.compile(r"(?:II|III|IV|Jr\.?|Sr\.?)")
_STRONG = phrases(
    "dear; hi; hello; hey; named; named him; named her; called; calls me; call me; name is; name was; "
    "name to; it to; name's; name:; name?; user:; i am; this is; i'm; regards,; sincerely,; customer; "
    "client; patient; beneficiary; starring; directed by; directed by:; signed by; holder; holder:; son; "
    "daughter; wife; husband; brother; sister; kid; uncle; aunt; follow up with; attn:; contact:; "
    "partner's name; sung by; composed by; painted by; written by; assistant to"
)
_WEAK = phrases(
    "by; with; for; of; than; under; between; meet; ask; tell; told; says; said; from:; to:; cc:; thanks,; "
    "cheers,; mother; father; partner; friend; boss; manager; guardian; founders:; producer; songwriter; "
    "director; actor; player; president; chairman; lawyer; owner; employee; has; me; heard; add; contact; "
    "is; singer; author; minister; novelist; painter"
)
_ACTS = re.compile(
    r",? (?:said|says|told|asked|wrote|lives?|lived|works|worked|was born|speaks?|points? out|thinks?|died|married"
    r"|shouted|replied|explained|flew|spent|and I)\b|,? aged? \d"
)
# What only a person does or has: enough for one unknown word.
_HUMAN = re.compile(
    r",? (?:lives? (?:at|on|in|with)|was born|shouted|married|whispered|smiled|spent (?:a|one|two|three|some|many) "
    r"(?:year|month|week)s?|has (?:lived|been married))\b"
    r"|['’]s (?:address|wife|husband|mother|father|son|daughter|kids?|child|children|brother|sister|parents|birthday"
    r"|maiden name|passport|phone|mobile|salary)\b"
)
# Spoken to at the beginning of a sentence: "Mirela, could you call me?"
_SPOKEN_TO = re.compile(r", (?:can|could|would|will|may) (?:I|you|we)\b|, please\b")
_SENTENCE_START = re.compile(r"(?:\A|[.!?\n] ?)\Z")
_LABEL = re.compile(r"(?m)^[^\n:]{1,40}:")
_SAID_BY = re.compile(r"[”\"'’]['’]? (?:says|said|asks|asked|replied|explains|explained|adds|added) \Z")
_GOES_ON = re.compile(r"['’]s\b| (?:has|had|is|was|will|can|wants|needs|listed|called|added|plays)\b|:(?!/)|,? \(\d")
_COMPANY_AFTER = re.compile(r",? \(?[A-Z]{2}\b|, (?:Inc|Ltd|LLC)| (?:and|&) (?:Co|Sons)\b|-")
_LISTED = re.compile(r"(?:,|,? and| &|,? or) ")
_BLOCK = re.compile(r"(?:\A|\n[>? ]*\n)[>? ]*\Z")
_OWN_LINE = re.compile(r"\n{1,2}[^\n]{2,50}(?:\n|\Z)")
_OVER_ADDRESS = re.compile(r"\n[>? ]*\d{1,6} [^\n]{4,50}(?:\n|\Z)")
_PLACE_BEFORE = phrases("in; at; near; from; to; the; a; an; on; via; across; toward; around; through")
_SMALL = re.compile(
    r"(?i:\bmy name(?: is|['’]s) |\bcalls? me "
    r"|\bname is |\b(?:mr|mrs|ms|dr)\. ?|\bnamed |\bfollow up with "
    r"|\bi['’]?m )"
    rf"(?P<value>{LETTER}{{2,}}(?: {LETTER}\.?(?= {LETTER}{{2}}))?(?: {LETTER}{{2,}}){{0,2}})"
)
_INTRODUCED = re.compile(
    r"(?i:\bmy name(?: is|['’]s)|\b(?:people|friends) call me|\bmaiden name is) "
    rf"(?P<value>{LETTER}{{3,}})(?= ?(?:[.,!?\n]|\Z))"
)
_NO_NAME = re.compile(
    r"(?:\w+(?:ed|ing|ly|able|ible|ect|ong|ent|ous|rent)|blank|private|secret|mine|yours|hidden|unknown)"
)
# Given name, a letter perhaps, and surname in small letters.
_SMALL_PAIR = re.compile(
    r"(?<![\w'’@./-])(?P<first>[^\W\d_A-Z]{3,})(?: [a-z]\.?)? (?P<last>[^\W\d_A-Z]{3,})(?![\w@./-]\w)"
)


@lru_cache(maxsize=20_000)
def _plain(word: str) -> str:
    """Return `word` in small letters without accents or a final point."""
    parts = unicodedata.normalize("NFD", word.strip(".").lower())
    return "".join(char for char in parts if not unicodedata.combining(char))


def _has(word: str, names: frozenset[str]) -> bool:
    small = word.strip(".").lower()
    return small in names or _plain(word) in names or ("-" in small and all(part in names for part in small.split("-")))


def _surname(word: str) -> bool:
    small = word.lower()
    return (
        _has(word, SURNAMES)
        or (len(small) > 5 and small.endswith(SURNAME_ENDINGS))
        or bool(re.match(r"(?:Mc|Mac|O['’]|D['’])[A-Z]", word))
    )


def is_name(word: str) -> bool:
    """Tell whether `word` is known as a given name or a surname."""
    return _has(word, GIVEN) or _surname(word)


def _ordinary(word: str) -> bool:
    small = word.strip(".").lower()
    return small in COMMON or small in PLACES or small in ORGANISATIONS or small.split("'")[0].split("’")[0] in COMMON


def _is_inner(first: str, word: str, follows: str) -> bool:
    """Tell whether `word` is a middle initial: with its point, or behind a given name."""
    initial = _INITIAL.fullmatch(word) and (word.endswith(".") or _has(first, GIVEN))
    return bool(initial and follows and not _ordinary(follows))


def _pieces(words: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Yield the parts of a run of capitalised words between ordinary ones; "Will Smith" and "Mark" stay whole."""
    piece: list[re.Match[str]] = []
    for place, word in enumerate(words):
        follows = words[place + 1].group() if place + 1 < len(words) else ""
        named = _has(word.group(), GIVEN) and follows and not _ordinary(follows)
        last = bool(piece) and _has(piece[0].group(), GIVEN) and _has(word.group(), SURNAMES)
        inner = bool(piece) and _is_inner(piece[0].group(), word.group(), follows)
        if _ordinary(word.group()) and not named and not last and not inner:
            if piece:
                yield piece
            piece = []
        else:
            piece.append(word)
    if piece:
        yield piece


def _alone(words: list[str]) -> float:
    """Score the words of a piece without their surroundings."""
    first, last = words[0], words[-1]
    given = _has(first, GIVEN)
    if len(words) == 1:
        if _INITIAL.fullmatch(first) or len(first) < 2 or (first.isupper() and not given):
            return 0
        if given:
            if first.lower() in _CALENDAR:
                return 0
            return 0.35 if _has(first, AMBIGUOUS) else 0.6
        return 0.4 if _surname(first) else 0.15
    inner = any(_INITIAL.fullmatch(word) for word in words[1:-1])
    if given:
        return 0.9 if _surname(last) or inner else 0.75
    if _INITIAL.fullmatch(first):
        return 0.6 if _surname(last) else 0.3
    if inner:
        return 0.7
    # What keeps its accents in an English text is a name, of a person more often than of a place.
    return 0.6 if _surname(last) else 0.25 + 0.15 * (not "".join(words).isascii())


def _by_words_before(before: str, count: int, given: bool) -> float:
    """Return what the words before a piece of `count` words add to its score."""
    words = before.lower().replace("’", "'").rstrip(' \n\t"“(').split()
    ending = {" ".join(words[-length:]) for length in (1, 2, 3)}
    if ending & _STRONG:
        return 0.4
    if words and words[-1].rstrip(".") in TITLES:
        return 0.5
    if ending & _WEAK:
        return 0.15
    if words and words[-1] in _PLACE_BEFORE:
        return -0.25 if count == 1 and not given else -0.1
    return 0


def _in_lists(text: str, spans: list[Span]) -> list[Span]:
    """Return the names, those raised that stand in one list with a likely one: "Smith, Šušulić and Bowman"."""
    raised = list(spans)
    for place, (first, second) in enumerate(pairwise(spans)):
        if not _LISTED.fullmatch(text[first.end : second.start]):
            continue
        for here, span, other in ((place, first, second), (place + 1, second, first)):
            if span.score < _SURE and other.score >= (_LIKELY if span.score >= _LIKELY else _SURE):
                raised[here] = replace(span, score=span.score + 0.3)
    return raised


def _speakers(text: str, spans: list[Span]) -> list[Span]:
    """Return the names, those raised that speak in a dialogue: at least half of what begins a line before a colon is a
    sure name. In a form of fields and values it is not.
    """
    speaking = {span for span in spans if _LABEL.match(text, span.start) and text[span.end : span.end + 1] == ":"}
    sure = sum(span.score >= _SURE for span in speaking)
    if not sure or 2 * sure < len(_LABEL.findall(text)):
        return spans
    return [
        replace(span, score=span.score + 0.3) if span in speaking and span.score < _SURE else span for span in spans
    ]


def _judged(text: str, piece: list[re.Match[str]], titled: bool) -> Span | None:
    words = [word.group() for word in piece]
    start, end = piece[0].start(), piece[-1].end()
    if text[end - 1] == "." and len(words[-1]) > 2 and not _NUMERAL.fullmatch(words[-1]):
        end -= 1
    score = _alone(words)
    if not score or len(words) > _LONGEST:
        return None
    before, after = text[max(0, start - 40) : start], text[end : end + 16]
    if titled:
        return Span("person", start, end, max(score, 0.9))
    score += 0.4 if _SAID_BY.search(before) else _by_words_before(before, len(words), _has(words[0], GIVEN))
    if _HUMAN.match(text, end):
        score += 0.4
    elif _ACTS.match(after):
        score += 0.3
    elif _SPOKEN_TO.match(after) and _SENTENCE_START.search(before) and not words[-1].endswith(("ly", "ing")):
        score += 0.35
    elif _GOES_ON.match(after):
        score += 0.15
    elif _COMPANY_AFTER.match(after):
        score -= 0.3
    if len(words) > 1 and ((_BLOCK.search(before) and _OWN_LINE.match(text, end)) or _OVER_ADDRESS.match(text, end)):
        score += 0.25
    return Span("person", start, end, min(score, 0.98)) if score > 0 else None


def _titled(words: list[re.Match[str]]) -> int:
    """Return how many titles the words begin with."""
    count = 0
    while count < len(words) and words[count].group().rstrip(".").lower() in TITLES:
        count += 1
    return count


def _split(text: str) -> Iterator[tuple[list[re.Match[str]], bool]]:
    for run in _RUN.finditer(text):
        words = list(_TOKEN.finditer(text, run.start(), run.end()))
        if any(word.group().strip(".").lower() in ORGANISATIONS for word in words[1:]):
            continue
        titles = next((_titled(words[place:]) + place for place in range(len(words)) if _titled(words[place:])), 0)
        if titles:
            named = words[titles:]
            ends = next((place for place in range(1, len(named)) if _ordinary(named[place].group())), len(named))
            yield named[:ends], True
            continue
        for piece in _pieces(words):
            yield piece, False


def _capitalised(text: str) -> Iterator[Span]:
    for words, titled in _split(text):
        while words and words[0].group().strip(".") in PARTICLES:
            words = words[1:]
        span = _judged(text, words, titled) if words else None
        if span is not None:
            yield span


def _small(text: str) -> Iterator[Span]:
    """Yield names written without capitals, where the words before leave no doubt."""
    for match in _SMALL.finditer(text):
        words = match["value"].split(" ")
        while words and (words[-1] in COMMON or words[-1] in PARTICLES):
            words.pop()
        if not words or not match["value"].islower() or words[0] in COMMON:
            continue
        titled = match.group().partition(".")[0].lower() in TITLES
        if titled or _has(words[0], GIVEN) or any(_surname(word) for word in words[1:]):
            yield Span("person", match.start("value"), match.start("value") + len(" ".join(words)), 0.65)
    for match in _INTRODUCED.finditer(text):
        word = match["value"].lower()
        if word not in COMMON and not _NO_NAME.fullmatch(word):
            yield Span("person", match.start("value"), match.end("value"), 0.6)
    for match in _SMALL_PAIR.finditer(text):
        first, last = match["first"], match["last"]
        known = first in GIVEN and first not in AMBIGUOUS and first not in COMMON and last not in COMMON
        if known and last not in PLACES and _surname(last):
            yield Span("person", match.start(), match.end(), 0.65)


def find(text: str) -> Iterator[Span]:
    """Yield the names of a folded text."""
    spans = list(_capitalised(text))
    # Twice, for lists of three.
    yield from _speakers(text, _in_lists(text, _in_lists(text, spans)))
    yield from _small(text)
