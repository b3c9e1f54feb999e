"""Dates of birth: a date is one only where the words around say so."""

import re

from appliance.guardrails.personal.documents import real_date
from appliance.guardrails.personal.recogniser import Recogniser

_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    r"(?:\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?[日号]|(?:18|19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|(?:18|19|20)\d{6}"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    rf"|{_DAY} (?:of )?{_MONTH}\.?,? \d{{4}}|{_MONTH}\.? {_DAY},? \d{{4}})(?!\d)"
)
_BEFORE = (
    r"(?:出生日期|出生年月日?|出生时间|生日|(?<![发产])生于|出生于|出生[:是]|date of birth|birth ?date|birthday"
    r"|\bdob\b|\bborn)"
)
_NEEDS = ("出生", "生日", "生于", "生 ", "生,", "生。", "birth", "dob", "born")


def _birth_date(value: str) -> float:
    numbers = [int(part) for part in re.findall(r"\d+", value)]
    if len(numbers) == 1:
        number = str(numbers[0])
        numbers = [int(number[:4]), int(number[4:6]), int(number[6:8])]
    if len(numbers) == 3 and numbers[0] > 31:
        return 0.85 if real_date(*numbers) else 0
    return 0.85


BIRTH_DATES = (
    Recogniser(
        "birth_date",
        re.compile(rf"{_BEFORE}[^\d\n。；;]{{0,24}}?(?P<value>{_DATE})", re.IGNORECASE),
        _birth_date,
        needs=_NEEDS,
    ),
    Recogniser(
        "birth_date",
        re.compile(rf"(?<!\d)(?P<value>{_DATE}) ?(?:出生|生(?![产效成]))", re.IGNORECASE),
        _birth_date,
        needs=_NEEDS,
    ),
)
