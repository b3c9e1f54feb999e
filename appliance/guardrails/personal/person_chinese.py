"""Names of people in Chinese: a surname and one or two characters, where a role, a title or the word tagger says so."""

import re
from collections.abc import Iterator

import rjieba

from appliance.guardrails.personal.chinese_names import COMPOUND, FUNCTION, NOT_NAMES, ROLES, SURNAMES, TITLES
from appliance.guardrails.personal.spans import Span
from appliance.guardrails.personal.word_sets import words

_STATED, _ROLE, _TITLE, _FOREIGN = 0.92, 0.78, 0.82, 0.6
# By the tagger alone: three characters with a common surname, two with one of the commonest, and all others.
_TAGGED_LONG, _TAGGED_SHORT, _TAGGED_RARE = 0.6, 0.5, 0.4
_SURNAMES, _COMMON, _COMMONEST = frozenset(SURNAMES), frozenset(SURNAMES[:160]), frozenset(SURNAMES[:60])
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LONGEST_FIRST = "|".join(sorted(ROLES.split("|"), key=len, reverse=True))
_AFTER_ROLE = re.compile(rf"(?:{_LONGEST_FIRST})(?P<says>(?:姓名|名称)?(?:为|是|叫)?[:=]? ?[“\"《<【]?)")
_BEFORE_TITLE = re.compile(rf"[\u4e00-\u9fff]{{2,4}}(?=(?:{TITLES}))")
_TITLED = re.compile(rf"(?:{TITLES}|[某氏总])\Z")
_AROUND = 10  # characters
_SAYS = (":", "=", ": ", "叫", "“", "《")
_ODD_TAGS = words("ns nz nt a q b j x z zg")  # what the tagger takes a rare name for
_ENDS = re.compile(rf"[^\u4e00-\u9fff]|\Z|{TITLES}|[{''.join(sorted(FUNCTION))}]")
_SPEAKS = re.compile("介绍|表示|说|称|认为|指出|透露|告诉|审批|签|先生|女士")
_DOTTED = re.compile("[\u4e00-\u9fff]{1,8}(?:[·•][\u4e00-\u9fff]{1,8})+")
_NEVER_GIVEN = frozenset("的是在了和与为于们等及或将已也都就之其号款期率额费类项性某氏")
# Surnames that are common words too.
_AMBIGUOUS = frozenset("于应从和全向都满计关成单安常连明时原步易管查段")
_NAMEABLE = frozenset("明正刚生同发")  # in `FUNCTION`, and yet an ending where nothing follows
_NO_ENDING = frozenset("的是在了和与为于们等及或将已也都就之其所被把对从到且并但")

Tokens = dict[int, tuple[str, str]]


def _tokens(text: str) -> Tokens:
    """Return words and tags by the place where they start."""
    place, tokens = 0, {}
    for word, tag in rjieba.tag(text):
        tokens[place] = (word, tag)
        place += len(word)
    return tokens


def _surname(text: str, place: int) -> int:
    """Return how many characters of a surname stand at `place`."""
    if text[place : place + 2] in COMPOUND:
        return 2
    return 1 if text[place : place + 1] in _SURNAMES else 0


def _name_end(text: str, place: int, tokens: Tokens) -> int:
    """Return where the name that starts at `place` ends; `place` where none does."""
    surname = _surname(text, place)
    first, second = place + surname, place + surname + 1
    if not surname or not _CHINESE.match(text, first) or text[first] in _NEVER_GIVEN:
        return place
    if any(text[place : place + length] in NOT_NAMES for length in (2, 3)):
        return place
    if not _CHINESE.match(text, second) or text[second] in _NO_ENDING:
        return second
    word = tokens.get(place, ("", ""))[0]
    if len(word) == surname + 2 and not _CHINESE.match(text, second + 1):
        return second + 1
    follows = tokens.get(second, ("", ""))[0]
    if text[second] in _NAMEABLE and not _CHINESE.match(text, second + 1):
        return second + 1
    return second if text[second] in FUNCTION or len(follows) > 1 else second + 1


def _is_word(place: int, tokens: Tokens) -> bool:
    """Tell whether an ordinary word stands at `place`, or `place` is inside one."""
    word, tag = tokens.get(place, ("", "inside"))
    return tag == "inside" or (len(word) > 1 and not tag.startswith("nr") and word not in COMPOUND)


def _by_role(text: str) -> Iterator[Span]:
    for match in _AFTER_ROLE.finditer(text):
        place = match.end()
        if not _surname(text, place):
            continue
        # Tagged afresh from here: in the whole text the tagger draws the end of the role into the name.
        tokens = {place + start: word for start, word in _tokens(text[place : place + _AROUND]).items()}
        end = _name_end(text, place, tokens)
        stated = match.group().endswith(_SAYS)
        word, tag = tokens[place]
        if not stated and text[place] in _AMBIGUOUS and not (len(word) > 1 and tag.startswith("nr")):
            continue
        if end > place and (stated or not _is_word(place, tokens) or (tag in _ODD_TAGS and _ENDS.match(text, end))):
            yield Span("person", place, end, _STATED if stated else _ROLE)


def _by_title(text: str, tokens: Tokens) -> Iterator[Span]:
    for match in _BEFORE_TITLE.finditer(text):
        for place in range(match.start(), match.end() - 1):
            length = match.end() - place
            surname = _surname(text, place)
            named = surname and surname < length <= surname + 2 and text[place : match.end()] not in NOT_NAMES
            odd = tokens.get(place, ("", ""))[1] in _ODD_TAGS
            if named and (odd or not _is_word(place, tokens)) and text[match.end() - 1] not in _NEVER_GIVEN:
                yield Span("person", place, match.end(), _TITLE)
                break


def _by_length(name: str) -> float:
    if len(name) > 2 and (name[0] in _COMMON or name[:2] in COMPOUND):
        return _TAGGED_LONG
    return _TAGGED_SHORT if name[0] in _COMMONEST else _TAGGED_RARE


def _by_tag(text: str, tokens: Tokens) -> Iterator[Span]:
    for place, (word, tag) in tokens.items():
        if not tag.startswith("nr") or len(word) > 4 or word in NOT_NAMES or _TITLED.search(word):
            continue
        behind = place + len(word)
        start = place
        if len(word) > 2 and not _surname(text, place) and _surname(text, place + 1):
            start = place + 1  # "由范敏": the tagger drew a particle in
        elif len(word) == 1:
            following, following_tag = tokens.get(behind, ("", ""))
            if not following_tag.startswith("nr"):
                continue
            behind += len(following)
        end = _name_end(text, start, tokens)
        if start < end <= behind:
            speaks = _SPEAKS.match(text, end) is not None
            doubtful = text[start] in _AMBIGUOUS
            yield Span("person", start, end, _by_length(text[start:end]) + 0.15 * (speaks - doubtful))


def _foreign(text: str, tokens: Tokens) -> Iterator[Span]:
    for match in _DOTTED.finditer(text):
        dot = next(place for place in range(match.start(), match.end()) if text[place] in "·•")
        start = max((place for place in range(match.start(), dot) if place in tokens), default=match.start())
        last = next(place for place in range(match.end() - 1, match.start(), -1) if text[place] in "·•") + 1
        word = tokens.get(last, ("", ""))[0]
        yield Span("person", start, max(last + len(word), last + 1), _FOREIGN)


def find(text: str) -> Iterator[Span]:
    """Yield the names of a folded text."""
    if not _CHINESE.search(text):
        return
    tokens = _tokens(text)
    yield from _by_role(text)
    for find_some in (_by_title, _by_tag, _foreign):
        yield from find_some(text, tokens)
