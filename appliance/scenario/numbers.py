"""The check that an answer names no number of its own: each one must be in the facts that its action gave."""

import re
from collections.abc import Sequence
from functools import partial

from appliance.guardrails.verdict import Finding, Ruling
from appliance.knowledge.answers.bearing import GivenFigures
from appliance.knowledge.language.text import sentences
from appliance.scenario.checks import OutputCheck

_NAME, _VERSION = "numbers", "1"
# 一个 and "one" are articles more often than numbers; 一个月 and 十一个 are numbers.
_ARTICLES = re.compile(
    r"(?<![零〇一二两三四五六七八九十百千])一(?!个(?:月|季度|小时|星期|工作日|自然日))(?=[个种款位份项类些样])|\bone\b",
    re.IGNORECASE,
)


def numbers(action: Ruling = "block", *, company: bool = True) -> OutputCheck[Sequence[str]]:
    """Return the check; its facts are the texts whose numbers may be said: quotations, the question, figures computed.

    A sentence with a number that stands in none of them, or stands there with another unit, is `numbers:not_given`;
    `5万元` and `50,000 yuan` are one number. With `company`, a number beside a word that its text has too, but
    elsewhere, is `numbers:other_company`: 50 is no maximum where the text says "minimum 50, maximum 260". Numbers are
    read as knowledge Q&A reads them, in digits and in Chinese and English words before a unit; those of dates, lists
    and product names count too. Findings span the sentence.
    """
    find = partial(_find, action=action, company=company)
    return OutputCheck(_NAME, _VERSION, find, reviews=action == "review")


def _find(text: str, facts: Sequence[str], *, action: Ruling, company: bool) -> list[Finding]:
    if isinstance(facts, str):
        raise TypeError("the facts are texts, not one text")
    given = GivenFigures(facts)
    found = []
    for start, end in sentences(text):
        said = _ARTICLES.sub("", text[start:end])
        if not given.have_all_of(said):
            found.append(Finding(f"{_NAME}:not_given", _VERSION, start, end, action))
        elif company and not given.keep_company_with(said):
            found.append(Finding(f"{_NAME}:other_company", _VERSION, start, end, action))
    return found
