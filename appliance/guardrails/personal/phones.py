"""Telephone numbers: Chinese mobile and fixed lines, international and foreign ones."""

import re

from appliance.guardrails.personal.recogniser import Recogniser, bare

_WORDS = re.compile(
    r"手机|电话|联系方式|联系号码|致电|拨打|来电|座机|固话|号码[:是为]|微信|短信|预留号|机主|回拨"
    r"|\bphone\b|\bmobile\b|\bcell\b|\btel\b|\bcall(?:ing)?\b|\bfax\b|\bdial\b|\bringing?\b|\bwhatsapp\b|\btext(?:ed)?\b"
    r"|\breach\b|\bcontact\b|\bdesk\b|\boffice\b|\bsms\b|\banswering at\b|\bnumber is\b|\bmessages? (?:to|on)\b",
    re.IGNORECASE,
)
_AREA_CODES = re.compile(r"010|02[0-57-9]|0(?:3[1-9]|4[1-8]|5[1-9]|6[36]|7[1-9]|8[1-9]|9[0139])\d")
_MONEY = r"(?! ?(?:元|万|亿|美元|股|份|%|人民币|RMB|USD|yuan|dollars))"
_START = r"(?<![0-9A-Za-z_.+])(?<!\d[,\-/])(?<!\d )(?<!\d, )"
_OPEN = r"(?<![0-9A-Za-z_.+])(?<!\d[,\-/])"
_END = rf"(?![0-9A-Za-z_]|[.,/\-]\d){_MONEY}"


def _mobile(value: str) -> float:
    """Score eleven digits by their first three (the operators' ranges of the numbering plan)."""
    number = bare(value)[-11:]
    return 0 if number[:3] in ("154", "160", "161", "163", "164", "168", "169", "179") else 0.85


def _fixed(value: str) -> float:
    number = re.split(r"转|ext|x", value, flags=re.IGNORECASE)[0]
    digits = re.sub(r"\D", "", number)
    digits = "0" + digits.removeprefix("0086").removeprefix("86").lstrip("0") if not value.startswith("0") else digits
    if not _AREA_CODES.match(digits) or not 10 <= len(digits) <= 12 + 4:
        return 0
    return 0.7 if re.search(r"[-() ]", number) else 0.3


def _international(value: str) -> float:
    return 0.8 if 8 <= len(re.sub(r"\D", "", value)) <= 15 else 0


def _american(value: str) -> float:
    return 0.65 if re.search(r"\D", value) else 0.25


def _foreign(value: str) -> float:
    """Score two to five groups of digits: a leading zero or brackets say little, the context must say the rest."""
    digits = re.sub(r"\D", "", value)
    if not 7 <= len(digits) <= 12 or re.fullmatch(r"(?:19|20)\d\d[-. /]\d\d?[-. /]\d\d?.*", value):
        return 0
    if value.count("-") == 2 and len(digits) == 8 and re.fullmatch(r"\d\d-\d\d-\d{4}", value):
        return 0
    return 0.4 if value[0] in "0(" else 0.25


PHONES = (
    Recogniser(
        "phone",
        re.compile(
            rf"{_OPEN}(?:(?:\+|00)?86[- ]?|\((?:\+|00)?86\) ?|(?<=\+)86[- ]?)?"
            rf"1[3-9]\d(?:([ -])\d{{4}}\1\d{{4}}|\d{{8}}){_END}"
        ),
        _mobile,
        _WORDS,
    ),
    Recogniser(
        "phone",
        re.compile(
            rf"{_START}(?:(?:\+|00)?86[- ]?)?(?:\(0?\d{{2,3}}\) ?|0\d{{2,3}}[- ]?"
            rf"|(?<=86-)\d{{2,3}}-|(?<=86 )\d{{2,3}}[- ])"
            rf"[2-8]\d{{2,3}}[ -]?\d{{4}}(?: ?(?:-|转|ext\.?|x) ?\d{{1,6}})?{_END}",
            re.IGNORECASE,
        ),
        _fixed,
        _WORDS,
    ),
    Recogniser(
        "phone",
        re.compile(
            rf"(?<![0-9A-Za-z_.+])(?<!\d[ -])(?:\+|00(?=[1-9]\d{{0,2}}[ -]))[1-9]\d{{0,2}}(?:[ .\-]?\(0?\d{{0,4}}\))?"
            rf"(?:[ .\-]?\d{{1,4}}){{2,6}}(?:x\d{{1,6}})?{_END}"
        ),
        _international,
        _WORDS,
    ),
    Recogniser(
        "phone",
        re.compile(
            rf"{_START}(?:1[ .\-])?(?:\([2-9]\d\d\) ?[2-9]\d\d[ .\-]?\d{{4}}|[2-9]\d\d([ .\-]?)[2-9]\d\d\1\d{{4}})"
            rf"(?: ?(?:x|ext\.? ?)\d{{1,6}})?{_END}"
        ),
        _american,
        _WORDS,
    ),
    Recogniser(
        "phone",
        re.compile(rf"{_START}(?:\(\d{{1,5}}\)|\d{{2,5}})(?:[ .\-]\d{{2,8}}){{1,4}}{_END}"),
        _foreign,
        _WORDS,
    ),
)
