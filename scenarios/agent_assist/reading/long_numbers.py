"""Long numbers in a folded turn: cards, accounts, telephone and identity numbers; never shown in full."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.core.messages import _
from appliance.guardrails.personal import checksums
from appliance.guardrails.personal.display import display
from appliance.guardrails.personal.kinds import Kind
from appliance.guardrails.personal.recognise import recognise
from appliance.guardrails.personal.spans import settle

from .found import Found
from .numbers import CHINESE_DIGITS, DIGIT_WORDS

_CARD_RANK, _PERSONAL_RANK, _LAST_RANK = 0, 2, 3
_KINDS: dict[Kind, str] = {
    "cn_id": "id_number",
    "phone": "phone",
    "passport": "id_number",
    "permit": "id_number",
    "us_ssn": "id_number",
    "iban": "account",
}
_LEAST_SCORE = 0.5
_DIGIT = r"(?:\d|[零〇一二三四五六七八九幺]|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b)"
_BETWEEN = r"(?:[ \-]{0,2}|[ ,]?(?:呃|嗯|额|uh|um|er)[ ,]{0,2}|[,;、] ?)"
_RUN = re.compile(rf"(?<![a-z\d.]){_DIGIT}(?:{_BETWEEN}{_DIGIT}){{7,}}", re.IGNORECASE)
_ONE = re.compile(r"\d|[零〇一二三四五六七八九幺]|[a-z]+", re.IGNORECASE)
_FILLERS = frozenset(("uh", "um", "er"))
_LAST_FOUR = re.compile(
    rf"(?:尾号|末四位|后四位|最后四位|ending (?:in|with)|ends (?:in|with)|ending|last (?:four|4)(?: digits)?)"
    rf"(?: ?(?:数字|号码))?(?:是|为|:| is| are| of)? ?"
    rf"(?P<digits>{_DIGIT}(?:[ \-]?{_DIGIT}){{3}})(?!\d|[零〇一二三四五六七八九])",
    re.IGNORECASE,
)
_CARD_WORD = re.compile(r"卡|\bcards?\b|visa|master ?card|银联", re.IGNORECASE)
_ACCOUNT_WORD = re.compile(r"账号|帐号|账户|帐户|户头|存折|\baccount\b|\ba/c\b", re.IGNORECASE)
_OTHER_WORD = re.compile(
    r"流水号|订单|单号|编号|参考号|合同号|受理号|\border\b|\breference\b|\bref\b|\bcase\b"
    r"|\bticket\b|\btransaction (?:id|number)\b",
    re.IGNORECASE,
)
_ISSUED = re.compile(r"62|4|5[1-5]|2[2-7]|35|6[045]|81|9558")
_DATES = re.compile(r"(?:19|20)\d\d[-/. ]?[01]\d[-/. ]?[0-3]\d")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_WINDOW = 24


@dataclass(frozen=True)
class _Run:
    digits: str
    start: int
    end: int


def numbers_in(text: str) -> Iterator[Found]:
    """Yield cards (checked by their last digit), accounts, telephone and identity numbers, and last four digits."""
    personal = [span for span in settle(recognise(text, tuple(_KINDS))) if span.score >= _LEAST_SCORE]
    for span in personal:
        shown = display(span.kind, text[span.start : span.end])
        yield Found(_KINDS[span.kind], shown, span.start, span.end, _PERSONAL_RANK, shown=shown)
    for match in _RUN.finditer(text):
        for run in _runs(text, match.start(), match.end()):
            yield from _of_run(text, run)
    for match in _LAST_FOUR.finditer(text):
        digits = _read(text, match.start("digits"), match.end("digits")).digits
        if len(digits) == 4:
            yield Found("card", digits, match.start(), match.end(), _LAST_RANK)


def _read(text: str, start: int, end: int) -> _Run:
    """Read a run of digits however each was said; double and triple repeat the next one."""
    digits, times = [], 1
    for match in _ONE.finditer(text, start, end):
        said = match.group().lower()
        if said in ("double", "triple"):
            times = 2 if said == "double" else 3
        elif said not in _FILLERS:
            digit = said if said.isdigit() and said.isascii() else str(CHINESE_DIGITS.get(said, DIGIT_WORDS.get(said)))
            digits.append(digit * times)
            times = 1
    return _Run("".join(digits), start, end)


def _runs(text: str, start: int, end: int) -> Iterator[_Run]:
    """Yield a run of digits, or of one too long for a number those groups that make a card or a phone."""
    whole = _read(text, start, end)
    if len(whole.digits) <= 19:
        yield whole
        return
    groups = _groups(text, start, end)
    at = 0
    while at < len(groups):
        taken = next((size for size in range(min(8, len(groups) - at), 0, -1) if _is_number(groups[at : at + size])), 0)
        if taken:
            yield _read(text, groups[at].start, groups[at + taken - 1].end)
        at += taken or 1


def _groups(text: str, start: int, end: int) -> list[_Run]:
    return [_read(text, start + m.start(), start + m.end()) for m in re.finditer(r"[^ \-,;、]+", text[start:end])]


def _is_number(groups: list[_Run]) -> bool:
    digits = "".join(group.digits for group in groups)
    return (16 <= len(digits) <= 19 and checksums.luhn(digits)) or _MOBILE.fullmatch(digits) is not None


def _of_run(text: str, run: _Run) -> Iterator[Found]:
    before = text[max(0, run.start - _WINDOW) : run.start]
    digits, last = run.digits, run.digits[-4:]
    card, account = _last(_CARD_WORD, before), _last(_ACCOUNT_WORD, before)
    other = _last(_OTHER_WORD, before)
    if _MOBILE.fullmatch(digits):
        shown = display("phone", digits)
        yield Found("phone", shown, run.start, run.end, _LAST_RANK, shown=shown)
    elif 16 <= len(digits) <= 19 and (other <= max(card, account) or _ISSUED.match(digits)):
        right = checksums.luhn(digits) and len(set(digits)) > 1
        if right and (card > account or _ISSUED.match(digits)):
            yield Found("card", last, run.start, run.end, _CARD_RANK, shown=f"****{last}")
        elif _DATES.match(text, run.start) and card < 0:
            return
        elif account > card or not (card >= 0 or _ISSUED.match(digits)):
            yield Found("account", f"****{last}", run.start, run.end, _LAST_RANK, shown=f"****{last}")
        else:
            wrong = _("The check digit of the card number is wrong: a digit may have been misheard.")
            yield Found("card", last, run.start, run.end, _LAST_RANK, valid=False, note=wrong, shown=f"****{last}")
    elif account >= 0 and account >= max(other, card) and len(digits) <= 24:
        yield Found("account", f"****{last}", run.start, run.end, _LAST_RANK, shown=f"****{last}")
    elif 12 <= len(digits) <= 15 and card >= 0 and card > other:
        short = _("A card number has 16 to 19 digits; these are {count}.", count=len(digits))
        yield Found("card", last, run.start, run.end, _LAST_RANK, valid=False, note=short, shown=f"****{last}")


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.end() for match in pattern.finditer(text)), default=-1)
