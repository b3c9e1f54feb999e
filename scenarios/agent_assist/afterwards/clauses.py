"""What was said, cut into statements that can stand as a line: masked, without greetings, fillers and noise.

A statement is a run of neighbouring clauses of one turn, so its words stand in the turn in this order; only fillers
between them are gone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from appliance.guardrails.personal.keeping import masked_for_keeping, masked_within
from appliance.knowledge.language.text import clean, is_wide

from ..models import Language, Speaker
from .shapes import Heard

_ROLES: dict[Speaker, str] = {"customer": "user", "seat": "assistant"}  # what the masking of conversations reads
_READ = 4000  # characters of a turn; what is behind them is not read
_LONGEST = 150  # of a statement, a Chinese character counting as two
_CLAUSE_END = re.compile(
    r"[，。！？；、…\n]+|[!?;]+|,(?!\d)|\.+(?=\s|$)|—+|–"
    r"|(?<=[^\s])(?=(?:但是|可是|不过|而且|所以|结果|另外|还有就是)[^，。！？；,.!?;]{4})"
)
_ENDS_SENTENCE = re.compile(r"[。！？；!?;\n…]|\.(?=\s|$)")
_NOISE = re.compile(
    r"[\[【(（<〈](?:\W*)(?:noise|inaudible|unintelligible|crosstalk|silence|music|laughs?|laughter|cough\w*"
    r"|background"
    r"|噪音|噪声|听不清|静音|音乐|笑声?|咳嗽声?|背景音|嘈杂|杂音|unk)[^\]】)）>〉]{0,20}[\]】)）>〉]",
    re.IGNORECASE,
)
_STUTTER = re.compile(r"([我你您他她那这就是的])\1+(?=[\u4e00-\u9fff])|\b(\w+)(?:[, ]+\2\b)+", re.IGNORECASE)
_LEADING = re.compile(
    r"^(?:[嗯啊呃哦唉诶哎喂额噢]+|就是说|然后呢?(?=[我你您他她它])|那个(?=[我你您他她它就])|这样(?:子|的"
    r"|啊)(?=[我你您])"
    r"|(?:u+m+|u+h+|e+r+m*|h+m+|well|so|ok(?:ay)?|right|yeah|yes|yep|hi|hello|oh|ah|look|listen|you know"
    r"|i mean|alright"
    r"|sure|basically|actually|and|like)(?:\b(?![-'’])|$))[\s,]*",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:so|and)\b|然后", re.IGNORECASE)  # breath only where a line begins
_EMPTY = re.compile(
    r"(?:(?:喂|[你您]好(?:啊|呀)?|[嗯啊呃哦唉诶哎额噢]+|好(?:的|吧|啊|呀|嘞)*|行(?:吧|啊)?|可以(?:啊|的)?"
    r"|对(?:的|啊|呀|对)*|是(?:的|啊|吧|呀|这样的?)*|那个|这个"
    r"|就是(?:说)?|然后(?:呢)?|没事(?:儿)?|没关系|不好意思|请问(?:一下)?|(?:我)?(?:想)?(?:请)?问一下(?:啊)?"
    r"|您说|你说|(?:请)?稍等(?:一下)?|明白(?:了|的)?"
    r"|清楚(?:了)?|知道了|了解(?:了)?|收到|谢谢(?:你|您|啊|了|您的.{0,6})*|感谢(?:您|你)?.{0,8}|不客气|不用谢"
    r"|再见|拜拜|(?:麻烦|辛苦)(?:你|您)?(?:了|啊|一下)?"
    r"|祝您.{0,10}|(?:我)?(?:非常|十分|很|实在|真的?)?(?:能|可以)?(?:理解|抱歉|对不起|不好意思)(?:您的心情"
    r"|给您(?:带来|添).{0,6}|打扰(?:您|到您)?(?:了)?|您(?:先)?别(?:着急|急))?(?:了|啊)?|您(?:先)?别(?:着急|急)"
    r"|早上好|上午好|下午好|晚上好|女士|先生|是这样(?:子)?的?(?:啊)?|怎么说呢|你听我说|请讲"
    r"|很高兴为您服务|(?:请问)?有什么可以帮(?:您|到您|助您)?的?(?:吗)?)+"
    r"|(?:(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|u+m+|u+h+|e+r+m*|h+m+|well|so|ok(?:ay)?|right"
    r"|yes|yeah|yep|no problem"
    r"|sure|thanks?(?: (?:you|so much|a lot|very much|again|for [\w ]{1,30}))*|thank you(?: (?:so"
    r"|very) much)?(?: for [\w ]{1,30})?|(?:good)?bye"
    r"|bye(?: bye|-bye)?|sorry|you know|i mean|like|please|alright|all right|great|perfect|i see|of course"
    r"|there|sir|madam|ma'am"
    r"|you(?:'re| are) welcome|have a (?:nice|good|great) \w+|take care|(?:just )?(?:a|one) moment|one second"
    r"|cheers|lovely|brilliant"
    r"|how (?:can|may) i help(?: you)?(?: today)?|and|but|let me see|go ahead|no worries|i(?:'m| am) (?:very "
    r"|so |really )?sorry(?: (?:to hear (?:that|this)|about (?:that|this)|for (?:that|this"
    r"|the inconvenience)))?|i understand|understood|oh|ah)[\s,]*)+)",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<![\d*])\d(?:[\s-]?\d){10,}(?![\d*])")
_SPOKEN_DIGITS = re.compile(r"[零〇一二三四五六七八九幺](?:[\s,，-]?[零〇一二三四五六七八九幺]){7,}")
_ENGLISH_DIGIT = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_ENGLISH_DIGITS = re.compile(rf"\b{_ENGLISH_DIGIT}(?:[\s,-]+{_ENGLISH_DIGIT}\b){{7,}}", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """Words of one turn. `at` is the turn's place in the call, `count` how many turns the call has."""

    turn: str
    at: int
    speaker: Speaker
    text: str
    language: Language
    question: bool


def keepable(text: str) -> str:
    """Return a text as it may be kept: masked, and long numbers too that only speech recognition made invalid."""
    text = _DIGITS.sub(_last_four, masked_for_keeping(text))
    return _hidden_numerals(text)


def kept_texts(turns: Sequence[Heard]) -> list[str]:
    """Return the text of each turn as it may be kept; numbers that one side says over several turns are found too."""
    return list(_kept(tuple((turn.speaker, _read(turn.text)) for turn, _analysis in turns)))


@lru_cache(maxsize=4)  # what is written after a call asks for the same call again and again
def _kept(said: tuple[tuple[Speaker, str], ...]) -> tuple[str, ...]:
    kept = [""] * len(said)
    for speaker, role in _ROLES.items():
        own = [at for at, (one, _text) in enumerate(said) if one == speaker]
        masked = masked_within([{"role": role, "content": said[at][1]} for at in own])
        for at, message in zip(own, masked, strict=True):
            kept[at] = _hidden_numerals(_DIGITS.sub(_last_four, message["content"]))
    return tuple(kept)


def statements(turns: Sequence[Heard]) -> list[Statement]:
    """Return what was said that carries content, in order."""
    found = []
    for at, ((turn, analysis), text) in enumerate(zip(turns, kept_texts(turns), strict=True)):
        for piece in pieces_of(text):
            asked = piece.endswith(("?", "？", "吗", "呢"))
            found.append(Statement(turn.id, at, turn.speaker, piece, analysis.language, asked))
    return found


def pieces_of(text: str) -> list[str]:
    """Return the statements of a text: neighbouring clauses of a sentence, joined up to a length."""
    pieces: list[str] = []
    open_piece = ""
    for clause, mark in _clauses(_STUTTER.sub(_once, _NOISE.sub("，", clean(text)))):
        clause = _bare(clause, within=bool(open_piece))
        ends = bool(_ENDS_SENTENCE.search(mark))
        if clause and open_piece and _width(open_piece) + _width(clause) > _LONGEST:
            pieces.append(_closed(open_piece))
            open_piece, clause = "", _bare(clause)
        if clause:
            open_piece += clause + mark.strip("\n")[:1] + ("" if _needs_no_blank(clause, mark) else " ")
        if ends and open_piece:
            pieces.append(_closed(open_piece))
            open_piece = ""
    return [*pieces, _closed(open_piece)] if open_piece else pieces


def _needs_no_blank(clause: str, mark: str) -> bool:
    return not mark.isascii() and (is_wide(clause[-1]) or mark[0] in "，。！？；、")


def _read(text: str) -> str:
    """Return what of a turn is read; a number that is cut by the limit is left out, since no mask would know it."""
    if len(text) <= _READ:
        return text
    return re.sub(r"[\d\s零〇一二三四五六七八九幺-]+$", "", text[:_READ])


def _clauses(text: str) -> list[tuple[str, str]]:
    """Return (words, mark behind them), with clauses that nobody has marked cut where they get too long."""
    found = []
    start = 0
    for match in _CLAUSE_END.finditer(text):
        found += _cut(text[start : match.start()], match.group())
        start = match.end()
    return [*found, *_cut(text[start:], "")]


def _cut(words: str, mark: str) -> list[tuple[str, str]]:
    words = words.strip()
    parts = []
    while _width(words) > _LONGEST:
        end = 0
        width = 0
        while width < _LONGEST:
            width += 2 if is_wide(words[end]) else 1
            end += 1
        blank = words.rfind(" ", end // 2, end)
        end = blank if blank > 0 else end
        parts.append((words[:end], " "))
        words = words[end:].strip()
    return [*parts, (words, mark)] if words or mark else parts


def _bare(clause: str, *, within: bool = False) -> str:
    """Return a clause without what it opens with for breath, or nothing where there is nothing else.

    `within` a line, what links it to the clause before stays.
    """
    clause = clause.strip(" \t\"“”'‘’")
    while clause and (match := _LEADING.match(clause)) and match.end():
        if within and _LINK.match(clause):
            break
        clause = clause[match.end() :].strip()
    if _EMPTY.fullmatch(clause) or not any(char.isalnum() for char in clause):
        return ""
    return clause


def _closed(piece: str) -> str:
    return piece.strip().rstrip("，,、;；—– ").strip()


def _width(text: str) -> int:
    return sum(2 if is_wide(char) else 1 for char in text)


def _once(match: re.Match[str]) -> str:
    return match.group(1) or (match.group() if match.group(2).isdigit() else match.group(2))


def _last_four(match: re.Match[str]) -> str:
    digits = match.group()
    left = sum(char.isdigit() for char in digits) - 4
    shown = []
    for char in digits:
        shown.append("*" if char.isdigit() and left > 0 else char)
        left -= char.isdigit()
    return "".join(shown)


def _hidden_numerals(text: str) -> str:
    return _ENGLISH_DIGITS.sub("****", _SPOKEN_DIGITS.sub("****", text))
