"""Street addresses in Latin script: English forms, and those of other European languages by their words for street."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.guardrails.personal.letters import CAPITAL, LETTER
from appliance.guardrails.personal.spans import Span
from appliance.guardrails.personal.word_sets import words

_WORD = rf"{CAPITAL}(?:{LETTER}|['’.\-](?={LETTER}))*"
_ANY_WORD = rf"{LETTER}(?:{LETTER}|['’.\-](?={LETTER}))*"
_STREETS = (
    r"(?:Street|Road|Avenue|Lane|Drive|Court|Place|Square|Terrace|Way|Boulevard|Crescent|Close|Parkway|Highway|Circle"
    r"|Trail|Loop|Alley|Walk|Row|Mews|Gardens|Grove|Hill|Heights|Quay|Plaza|Parade|Esplanade|Turnpike|Path|Rise|Vale"
    r"|Green|View|Park|Bypass|Fields?|Wharf|Yard|(?:St|Rd|Ave|Av|Ln|Dr|Ct|Pl|Sq|Ter|Blvd|Cres|Pkwy|Hwy|Cir|Pde)\b\.?)"
)
_ENDINGS = (
    r"(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|gade|vej|vænget|veien|vegen|gaten|gata|gatan|vägen|stigen|tie|katu"
    r"|polku|kuja|laan|straat|kade|plein|utca|braut|stræti|gata|holt|terrasse)"
)
_BEFORE_NAME = (
    r"(?:Rue|Avenue|Boulevard|Quai|Chemin|Allée|Place|Via|Viale|Vicolo|Piazza|Corso|Strada|Contrada|Calle|C/|Avenida"
    r"|Avda\.|Plaza|Paseo|Camino|Carrer|Rua|Travessa|Largo|Praça|ul\.|al\.|os\.|pl\.|ulica|aleja|Ulitsa|Bulevar|Jalan)"
)
_AFTER_NAME = r"(?:u\.|utca|út|útja|tér|tere|krt\.|köz|ulica|ulice|náměstí|nám\.|prospekt|ulitsa)"
_UNIT = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Rm|Floor|Building|Bldg)\.? ?#?\d{1,5}[A-Za-z]?\b"
_NUMBER = r"\d{1,6}[A-Za-z]?(?:[-/]\d{1,5}[A-Za-z]?)?"
_MILITARY = r"(?:PSC \d{2,5},? Box \d{1,6}|Unit \d{2,6},? Box \d{1,6})(?:[, \n]{1,3}(?:APO|FPO|DPO),? A[AEP],? \d{5})?"
# A line end, in a quoted mail with its mark; an empty line only where a line with a postal code follows.
_LINE = r"(?:\n[ >]{0,4}(?:\n[ >]{0,4}(?=[^\n]{0,40} \d{4,6}\b))?)"
_BREAK = rf"(?:,? ?{_LINE},? ?|,? )"
_AFTER_COMMA = rf"(?:,? ?{_LINE},? ?|, ?)"
_NO_LABEL = rf"(?!{LETTER}|[ ,]{{0,2}}[:：])"  # what a colon follows is the name of the next line: Mobile:
# City, region, country and postal code behind a street: words with a capital, two letters, four to six digits.
_MORE = (
    rf"(?:{_BREAK}{_UNIT}"
    rf"|{_AFTER_COMMA}(?:{_WORD}|{_ANY_WORD}(?= {_WORD}))(?: (?:de|da|do|la|of|the|and|{_WORD})){{0,4}}{_NO_LABEL}"
    rf"| {_WORD}(?: {_WORD}){{0,2}}(?=,? (?:[A-Z]{{2}},? )?\d{{4,6}}\b|\n|\.?\Z)"
    rf"|(?:,? ?{_LINE}|,? )(?:[A-Z]{{2}},? )?\d{{4,6}}(?:-\d{{3,4}})?\b(?!,? {_STREETS})"
    rf"|,? [A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}}\b){{0,7}}"
)
_APART = r"(?<![\w.,$€£-])"
_NAMES = rf"(?:{_ANY_WORD} ){{0,4}}{_ANY_WORD}"
_UNIT_CUES = words(
    "apt apt. apartment suite ste ste. unit flat room rm rm. floor building bldg bldg. >suite >apt. >unit"
)
_ENDING_CUES = tuple(
    words(
        "strasse straße str. gasse weg platz allee gade vej vænget veien vegen gaten gata gatan vägen stigen tie katu"
        " polku kuja laan straat kade plein utca braut stræti holt terrasse"
    )
)
_BEFORE_CUES = words(_BEFORE_NAME.removeprefix("(?:").removesuffix(")").replace("\\", "").replace("|", " ").lower())
_AFTER_CUES = words("u. utca út útja tér tere krt. köz ulica ulice náměstí nám. prospekt ulitsa")
_BOX_CUES = words("box")


@dataclass(frozen=True)
class _Form:
    """A way to write an address; one of `cues` is among the words of every text that has it, or ends one (a tuple)."""

    pattern: re.Pattern[str]
    score: float
    cues: frozenset[str] | tuple[str, ...]

    def may_be_in(self, words_there: set[str]) -> bool:
        """Tell whether a text of these words, in small letters, can hold one."""
        if isinstance(self.cues, tuple):
            return any(word.endswith(self.cues) for word in words_there)
        return not self.cues or not self.cues.isdisjoint(words_there)


def _form(pattern: str, score: float, cues: frozenset[str] | tuple[str, ...] = frozenset(), more: str = _MORE) -> _Form:
    return _Form(re.compile(pattern + more), score, cues)


_FORMS = (
    _form(rf"{_APART}(?:{_NUMBER} ){{1,2}}(?:{_ANY_WORD} )?(?:{_WORD} ){{1,4}}{_STREETS}(?!\w)", 0.8),
    _form(
        rf"(?<![\w.])(?:{_NUMBER},? ){{0,2}}(?:{_WORD} ){{0,3}}{_WORD}{_ENDINGS} \d{{1,4}}[a-z]?\b", 0.7, _ENDING_CUES
    ),
    _form(rf"(?<![\w.])(?:{_NUMBER},? ){{1,2}}{_BEFORE_NAME} {_NAMES}(?:,? \d{{1,5}}\b)?", 0.75, _BEFORE_CUES),
    _form(rf"(?<![\w.])(?:{_NUMBER},? )?{_BEFORE_NAME} {_NAMES},? \d{{1,5}}\b", 0.7, _BEFORE_CUES),
    _form(rf"(?<![\w.])(?:{_NUMBER} )?(?:{_WORD} ){{1,4}}{_AFTER_NAME} \d{{1,4}}\b\.?", 0.7, _AFTER_CUES),
    _form(rf"(?<![\w.])(?:{_NUMBER},? ){{0,2}}P\.? ?O\.? Box \d{{1,6}}\b", 0.75, _BOX_CUES),
    _form(rf"(?<!\w){_MILITARY}", 0.85, _BOX_CUES, more=""),
    _form(rf"(?<!\w){_UNIT}", 0.55, _UNIT_CUES),
    _form(rf"{_APART}(?:{_NUMBER} ){{1,2}}(?:{_WORD} ){{0,4}}{_WORD}(?: \d{{1,4}})?,? {_UNIT}", 0.75, _UNIT_CUES),
    _form(rf"{_APART}(?:{_NUMBER} ){{1,2}}(?:{_ANY_WORD} ){{1,4}}\d{{1,4}}(?=,? ?\n|,? {_UNIT})", 0.6),
)
_LEADS = (
    r"\b(?:address(?: is| with| to the same)?:?|liv(?:es?|ed|ing) (?:at|on|in)|located (?:at|on)"
    r"|resid(?:es?|ing) (?:at|in)|(?:return|deliver(?:ed)?|ship(?:ped)?|mail(?:ed)?|sent|taxi|move[ds]?)"
    r" (?:it |them )?to|offices? (?:is|are) (?:at|on)|meet (?:you|me|us) at|corner of|side of|it is|arrived at"
    r"|is (?:at|on)|off at)"
)
# A lead says that an address follows; a number and a word, in either order, are then enough.
_LED = re.compile(
    rf"(?i:{_LEADS})\s+(?P<value>(?:the corner of )?(?:{_NUMBER},? {{1,2}})(?:{_NUMBER} )?(?:{_ANY_WORD},? ){{0,4}}"
    rf"{_ANY_WORD}(?: \d{{1,4}}\b)?{_MORE}|(?:{_WORD} ){{0,3}}{_WORD} \d{{1,4}}\b{_MORE}"
    rf"|(?<=corner of )(?:[\w.]+ ){{1,5}}and (?:{_WORD} ?){{1,3}}(?<! ))"
)
_LOOSE = 0.6  # the score of forms that other sentences with numbers have too
_NEEDS = re.compile(rf"\d,? {LETTER}|{LETTER} \d|corner of")
_NOT_WORDS = re.compile(
    r"\b(?:(?:year|month|day|hour|minute|week|dollar|time|cent|page)s?|percent|[bm]illion|thousand|people|fiscal|compared"
    r"|quarter|versus|and (?:19|20)\d\d|January|February|March|April|May|June|July|August|September|October|November"
    r"|December)\b"
)


def find(text: str) -> Iterator[Span]:
    """Yield the addresses of a folded text."""
    if not _NEEDS.search(text):
        return
    words_there = set(text.lower().replace(",", " ").split())
    for form in _FORMS:
        if not form.may_be_in(words_there):
            continue
        for match in form.pattern.finditer(text):
            if form.score > _LOOSE or not _NOT_WORDS.search(match.group()):
                yield Span("address", match.start(), match.end(), form.score)
    for match in _LED.finditer(text):
        if not _NOT_WORDS.search(match.group("value")):
            yield Span("address", match.start("value"), match.end("value"), 0.65)
