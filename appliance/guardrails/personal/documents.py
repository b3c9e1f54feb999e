"""Numbers of identity documents, companies and vehicles."""

import re
from datetime import UTC, date, datetime

from appliance.guardrails.personal import checksums
from appliance.guardrails.personal.recogniser import Recogniser, bare
from appliance.guardrails.personal.word_sets import words

# GB/T 2260: the first two digits, by which an identity number names the province.
_PROVINCES = words(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
)
_OLDEST_YEAR = 1880
_ID_WORDS = re.compile(
    r"身份证|身分证|证件号|身份号|公民身份|居民证|\bID\b|证号|identity (?:card|number|no)|resident id|national id",
    re.IGNORECASE,
)


def real_date(year: int, month: int, day: int) -> bool:
    """Tell whether somebody alive or lately alive can have been born on that day."""
    try:
        born = date(year, month, day)
    except ValueError:
        return False
    return year >= _OLDEST_YEAR and born <= datetime.now(UTC).date()


def _resident_id(value: str) -> float:
    """Score 18 characters: area and date must be valid; a wrong check character leaves it to the context."""
    number = bare(value)
    if number[:2] not in _PROVINCES or not real_date(int(number[6:10]), int(number[10:12]), int(number[12:14])):
        return 0
    return 0.95 if checksums.resident_id(number) else 0.4


def _old_resident_id(value: str) -> float:
    """Score the 15 digits in use until 1999, which have no check digit."""
    number = bare(value)
    valid = number[:2] in _PROVINCES and real_date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    return 0.45 if valid else 0


def _company(value: str) -> float:
    code = value.upper()
    if not checksums.uscc(code):
        return 0.3 if code[:2] in ("91", "92", "93", "11", "12", "13", "51", "52", "53") else 0
    return 0.4 if code.isdigit() else 0.95


def _hong_kong_id(value: str) -> float:
    return 0.85 if checksums.hong_kong_id(bare(value)) else 0


def _taiwan_id(value: str) -> float:
    return 0.6 if checksums.taiwan_id(value.upper()) else 0


def _ssn(value: str) -> float:
    """Score a US social security number; areas 000, 666 and 900 up, group 00 and serial 0000 are never given."""
    number = bare(value)
    never = number[:3] in ("000", "666") or number[0] == "9" or number[3:5] == "00" or number[5:] == "0000"
    if number == value:
        return 0.25 if not never else 0
    return 0.3 if never else 0.75


def _plate(value: str) -> float:
    number = re.sub(r"[·• .\-]", "", value)[2:]
    digits = sum(char.isdigit() for char in number)
    return 0.85 if digits >= 3 else 0.3 * (digits >= 1)


_PASSPORT_WORDS = re.compile(r"护照|\bpassport\b", re.IGNORECASE)
_PERMIT_WORDS = re.compile(
    r"通行证|回乡证|台胞证|居住证|居留|军官证|士兵证|警官证|往来(?:港澳|台湾|内地|大陆)|港澳(?!大)|香港身份证|台湾身份证"
    r"|\bpermit\b|\bHKID\b|hong kong id|taiwan id|driver'?s? licen[cs]e|驾驶证|驾照",
    re.IGNORECASE,
)
_ALONE = r"(?<![0-9A-Za-z_.])"
_END = r"(?![0-9A-Za-z_]|[.\-]\d)"

DOCUMENTS = (
    Recogniser(
        "cn_id",
        re.compile(
            r"(?<![0-9A-Za-z])(?<!\d[.,])\d{6}[ -]?(?:18|19|20)\d{2}[ -]?[01]\d[ -]?[0-3]\d[ -]?\d{3}[ -]?[\dXx]"
            r"(?![0-9A-Za-z]|[.\-]\d)"
        ),
        _resident_id,
        _ID_WORDS,
    ),
    Recogniser("cn_id", re.compile(rf"{_ALONE}\d{{8}}[01]\d[0-3]\d{{4}}{_END}"), _old_resident_id, _ID_WORDS),
    Recogniser(
        "uscc",
        re.compile(
            rf"{_ALONE}[0-9A-HJ-NP-RT-UWXYa-hj-np-rt-uwxy]{{2}}\d{{6}}[0-9A-HJ-NP-RT-UW-Ya-hj-np-rt-uw-y]{{10}}{_END}"
        ),
        _company,
        re.compile(r"信用代码|税号|纳税人识别号|USCC|credit code", re.IGNORECASE),
    ),
    Recogniser(
        "passport",
        re.compile(
            rf"{_ALONE}(?:[EeGgDdSsPp]\d{{8}}|[Ee][A-HJ-NP-Za-hj-np-z]\d{{7}}|(?:DE|SE|PE|MA|K[J]?)\d{{7,8}}){_END}"
        ),
        lambda _value: 0.4,
        _PASSPORT_WORDS,
    ),
    Recogniser(
        "passport",
        re.compile(
            r"(?:护照|passport)(?:[^0-9\n。]{0,20}?[^0-9A-Za-z\n。])(?P<value>[A-Za-z]{0,2}\d{6,9}[A-Za-z]?)(?![0-9A-Za-z])",
            re.IGNORECASE,
        ),
        lambda _value: 0.85,
        needs=("护照", "passport"),
    ),
    Recogniser(
        "permit", re.compile(r"[军武海空北沈兰济南广成参政后装][\u4e00-\u9fff]?字第 ?\d{6,8} ?号?"), lambda _value: 0.9
    ),
    Recogniser("permit", re.compile(rf"{_ALONE}[A-Za-z]{{1,2}}\d{{6}} ?\([0-9Aa]\)"), _hong_kong_id),
    Recogniser("permit", re.compile(rf"{_ALONE}[A-Z][12]\d{{8}}{_END}"), _taiwan_id, _PERMIT_WORDS),
    Recogniser(
        "permit",
        re.compile(
            rf"(?:{_PERMIT_WORDS.pattern})(?:[^0-9\n。]{{0,16}}?[^0-9A-Za-z\n。])(?P<value>[A-Za-z]{{0,2}}\d[\d-]{{5,16}}[\dXx])(?![0-9A-Za-z])",
            re.IGNORECASE,
        ),
        lambda _value: 0.85,
        needs=("证", "居留", "往来", "permit", "hkid", "id", "licen"),
    ),
    Recogniser(
        "us_ssn",
        re.compile(rf"{_ALONE}(?<!\d-)(?:\d{{3}}([- ])\d{{2}}\1\d{{4}}|\d{{9}}){_END}"),
        _ssn,
        re.compile(r"\bSSN\b|social security|社会安全号|社保号", re.IGNORECASE),
    ),
    Recogniser(
        "plate",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·• .\-]?"
            r"(?:[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳]|[A-HJ-NP-Z0-9]{6})(?![0-9A-Za-z])"
        ),
        _plate,
        re.compile(r"车牌|号牌|车辆"),
    ),
)
