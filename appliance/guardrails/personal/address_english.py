"""Street addresses in Latin script: English forms, and those of other European languages by their words for street."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from appliance.guardrails.personal.letters import CAPITAL, LETTER
from appliance.guardrails.personal.spans import Span
from appliance.guardrails.personal.word_sets import words

_WORD = rf"{CAPITAL}(?:{LETTER}|['’.\-](?={LETTER}))*"
_ANY_WORD = rf"{LETTER}(?:{LETTER}|['’.\-](?={LETTER}))*"
_STREETS = (
    r"(?:Street|Road|Avenue|Lane|Drive|Court|Place|Square|Terrace|Way|Boulevard|Crescent|Close|Parkway|Highway|Circle"
    r"|Trail|Loop|Alley|Walk|Row|Mews|Gardens|Grove|Hill|Heights|Quay|Plaza|Parade|Esplanade|Turnpike|Path|Rise|Vale"
    r"|Green|View|Park|Bypass|Fields?|Wharf|Yard|Annex|Bayou|Bend|Bluffs?|Brook|Causeway|Cliffs?|Coves?|Courts|Creek"
    r"|Crossing|Estates?|Expressway|Extensions?|Ferry|Forges?|Forks?|Fort|Freeway|Gateway|Glens?|Harbors?|Hollow|Island"
    r"|Isle|Junctions?|Knolls?|Landing|Mall|Manors?|Meadows?|Mills?|Mountains?|Orchard|Oval|Overpass|Pass|Passage|Pike"
    r"|Point|Radial|Ranch|Ridges?|Route|Shoals?|Shores?|Skyway|Spur|Squares|Throughway|Trace|Track|Tunnel|Underpass"
    r"|Valleys?|Viaduct|Village|Vista|(?:St|Rd|Ave|Av|Ln|Dr|Ct|Pl|Sq|Ter|Blvd|Cres|Pkwy|Hwy|Cir|Pde)\b\.?)"
)
_ENDINGS = (
    r"(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|gade|vej|vænget|veien|vegen|gaten|gata|gatan|vägen|stigen|tie|katu"
    r"|polku|kuja|laan|straat|kade|plein|utca|braut|stræti|gata|holt|terrasse)"
)
_BEFORE_NAME = (
    r"(?:Rue|Avenue|Boulevard|Quai|Chemin|Allée|Place|Via|Viale|Vicolo|Piazza|Corso|Strada|Contrada|Calle|C/|Avenida"
    r"|Avda\.|Av\.|Av|Plaza|Paseo|Camino|Carrer|Rua|Travessa|Largo|Praça|ul\.|al\.|os\.|pl\.|ulica|aleja|Ulitsa|Bulevar|Jalan|Trg|Cesta|Nábřeží|Λεωφόρος|Λεωφ\.|Λ\.|Οδός)"
)
_AFTER_NAME = (
    r"(?:u\.|utca|út|útja|tér|tere|krt\.|köz|rkp\.|fasor|sétány|sor|ulica|ulice|náměstí|nám\.|prospekt|ulitsa)"
)
_UNIT = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Rm|Floor|Building|Bldg)\.? ?#?\d{1,5}[A-Za-z]?\b"
_NUMBER = r"\d{1,6}[A-Za-z]?(?:[-/]\d{1,5}[A-Za-z]?)?"
_OVERSEAS = r"[, \n]{1,3}(?:APO|FPO|DPO),? A[AEP],? \d{5}"
_MILITARY = rf"(?:(?:PSC|Unit) \d{{2,6}},? Box \d{{1,6}}(?:{_OVERSEAS})?|US(?:S|CGC|N[SV]) {_WORD}{_OVERSEAS})"
# A line end, in a quoted mail with its mark; an empty line only where a line with a postal code follows.
_LINE = r"(?:\n[ >]{0,4}(?:\n[ >]{0,4}(?=[^\n]{0,40} \d{4,6}\b))?)"
_BREAK = rf"(?:,? ?{_LINE},? ?|,? )"
_AFTER_COMMA = rf"(?:,? ?{_LINE},? ?|, ?)"
_NO_LABEL = rf"(?!{LETTER}|[ ,]{{0,2}}[:：])"  # what a colon follows is the name of the next line: Mobile:
_SMALL_WORDS = (
    "de|da|do|dos|del|di|du|des|la|le|les|el|en|sur|sous|of|the|and|upon|under|on"
    "|am|an der|im|ob|bei|nad|pod|na|pri|v|aan"
)
# Behind a flat a city may follow without a comma; the next sentence may as well.
_NO_CITY = (
    r"(?!(?:I|I'm|We|You|He|She|It|They|My|Our|Your|The|This|That|There|These|Is|Are|And|But|Or|If|In|On|At|For|To|From"
    r"|Please|Thanks|Thank|What|When|Where|Which|Who|How|Can|Could|Will|Would|Do|Does|Did|Have|Has|No|Not|Yes|Dear|Best"
    r"|Regards|Apt|Apartment|Suite|Ste|Unit|Flat|Room|Floor|Building|Phone|Tel|Mobile|Email"
    r"|Fax|Desk|As|All|After|Before|By|With)\b)"
)
_CITY = rf"(?: {_NO_CITY}{_WORD}(?: (?:(?:{_SMALL_WORDS}) )?{_NO_CITY}{_WORD}){{0,3}}{_NO_LABEL})?"
# A region in short before the postal code, in capitals or not or as a number, on a line of its own or not.
_REGION = rf"(?:(?!and|or|the|for|at|in|to|on|is|by)[A-Za-z]{{2,3}}|\d{{1,2}}),?(?: |{_LINE},? ?)"
_PARTED = r"(?:\d{2}-\d{3}|\d{3} \d{2})\b(?![ .\-]?\d)"  # postal codes in two parts
# City, region, country and postal code behind a street: words with a capital, two letters, four to six digits.
_MORE = (
    rf"(?:{_BREAK}{_UNIT}{_CITY}"
    rf"|{_AFTER_COMMA}(?:{_WORD}|{_ANY_WORD}(?= {_WORD}))(?: (?:{_SMALL_WORDS}|{_WORD})){{0,4}}{_NO_LABEL}"
    rf"| {_WORD}(?: {_WORD}){{0,2}}(?=,? (?:[A-Z]{{2}},? )?\d{{4,6}}\b|\n|\.?\Z)"
    rf"|(?:,? ?{_LINE},? ?|,? )(?:{_REGION})?(?:\d{{4,6}}(?:-\d{{3,4}})?\b|{_PARTED})(?!,? {_STREETS})"
    rf"|,? [A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}}\b){{0,7}}"
)
_APART = r"(?<![\w.,$€£-])"
_NAME = rf"(?!(?:Apt|Suite|Unit|Flat)\b){_ANY_WORD}"
_NAMES = rf"(?:{_NAME} ){{0,4}}{_NAME}"
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
_AFTER_CUES = words("u. utca út útja tér tere krt. köz rkp. fasor sétány sor ulica ulice náměstí nám. prospekt ulitsa")
_BOX_CUES = words("box")
_OVERSEAS_CUES = words("box apo fpo dpo")
_CORNER_CUES = words("corner")
_SURE = 0.92  # of a street with its number: more than of a name within, since streets are named after people


@dataclass(frozen=True)
class _Form:
    """A way to write an address; one of `cues` is among the words of every text that has it, or ends one (a tuple)."""

    written: str
    score: float
    cues: frozenset[str] | tuple[str, ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The form, compiled for the first text that may hold it: all of them take half a second."""
        return re.compile(self.written)

    def may_be_in(self, words_there: set[str]) -> bool:
        """Tell whether a text of these words, in small letters, can hold one."""
        if isinstance(self.cues, tuple):
            return any(word.endswith(self.cues) for word in words_there)
        return not self.cues or not self.cues.isdisjoint(words_there)


def _form(pattern: str, score: float, cues: frozenset[str] | tuple[str, ...] = frozenset(), more: str = _MORE) -> _Form:
    return _Form(pattern + more, score, cues)


_FORMS = (
    _form(rf"{_APART}(?:{_UNIT},? )?(?:{_NUMBER} ){{1,2}}(?:{_ANY_WORD} )?(?:{_WORD} ){{1,4}}{_STREETS}(?!\w)", _SURE),
    _form(
        rf"(?<![\w.])(?:{_UNIT},? )?(?:{_NUMBER},? ){{0,2}}(?:{CAPITAL}\. )?(?:{_WORD} ){{0,3}}{_WORD}{_ENDINGS}"
        r" \d{1,4}[a-z]?\b",
        0.7,
        _ENDING_CUES,
    ),
    _form(rf"(?<![\w.])(?:{_NUMBER},? ){{1,2}}{_BEFORE_NAME} {_NAMES}(?:,? \d{{1,5}}\b)?", 0.75, _BEFORE_CUES),
    _form(rf"(?<![\w.])(?:{_NUMBER},? )?{_BEFORE_NAME} {_NAMES},? \d{{1,5}}\b", 0.7, _BEFORE_CUES),
    _form(rf"(?<![\w.])(?:{_NUMBER} )(?:{_WORD} ){{1,4}}{_AFTER_NAME} \d{{1,4}}\b\.?", _SURE, _AFTER_CUES),
    _form(rf"(?<![\w.])(?:{_WORD} ){{1,4}}{_AFTER_NAME} \d{{1,4}}\b\.?", 0.7, _AFTER_CUES),
    _form(rf"(?<![\w.])(?:{_NUMBER},? ){{0,2}}P\.? ?O\.? Box \d{{1,6}}\b", 0.75, _BOX_CUES),
    _form(rf"(?<!\w){_MILITARY}", 0.85, _OVERSEAS_CUES, more=""),
    _form(rf"(?<!\w){_UNIT}{_CITY}", 0.55, _UNIT_CUES),
    _form(
        rf"{_APART}(?:{_NUMBER} ){{1,2}}(?:{CAPITAL}\. )?(?:{_WORD} ){{0,4}}{_WORD}\.?(?: \d{{1,4}}\.?)?{_BREAK}"
        rf"{_UNIT}{_CITY}",
        _SURE,
        _UNIT_CUES,
    ),
    _form(rf"{_APART}(?:{_NUMBER} ){{1,2}}(?:{_ANY_WORD} ){{1,4}}\d{{1,4}}(?=,? ?\n|,? {_UNIT})", 0.6),
    _form(rf"(?<!\w)(?:the )?corner of (?:[\w.]+ ){{1,6}}and (?:{_WORD} ){{0,2}}{_WORD}", _SURE, _CORNER_CUES),
)
_LEADS = (
    r"\b(?:address(?: is| with| to the same)?:?|liv(?:es?|ed|ing) (?:at|on|in)|located (?:at|on)"
    r"|resid(?:es?|ing) (?:at|in)|(?:return|deliver(?:ed)?|ship(?:ped)?|mail(?:ed)?|sent|taxi|move[ds]?)"
    r" (?:it |them )?to|offices? (?:is|are) (?:at|on)|meet (?:you|me|us) at|corner of|side of|it is|arrived at"
    r"|is (?:at|on)|off at)"
)
# A lead says that an address follows; a number and a word, in either order, are then enough.
_LED_WRITTEN = (
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


@cache
def _led() -> re.Pattern[str]:
    return re.compile(_LED_WRITTEN)


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
    for match in _led().finditer(text):
        if not _NOT_WORDS.search(match.group("value")):
            yield Span("address", match.start("value"), match.end("value"), 0.65)
