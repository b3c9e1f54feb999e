"""What a question demands of its answer by name: a unit, a year, an attribute, an amount, a reason, a frequency."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from appliance.knowledge.language.terms import fold, stem

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?=年|\b)(?!\d)")
_ENGLISH_UNIT = re.compile(r"\bhow many (?:\w+ed )?([a-z]{3,})", re.IGNORECASE)
_CHINESE_UNIT = re.compile(r"(?:多少|几)([起升册箱平本辆套盘页门项种米份])")
_ATTRIBUTE_ZH = re.compile(r"的([\u4e00-\u9fff]{2,6}?)(?:一共|总共)?(?:是|为|有)?多少")
_ATTRIBUTE_EN = re.compile(r"\bwhat is the (?:average |total |usual )?([a-z]{4,})", re.IGNORECASE)
_REASON = re.compile(r"为什么|为何|什么原因|\bwhy\b", re.IGNORECASE)
_HOLDS_REASON = re.compile(
    r"因|由于|原因|为了|以免|防止|避免|所以|\b(?:because|since|due|reason|owing|so that|in order|to avoid|led by|as)\b",
    re.IGNORECASE,
)
_OFTEN = re.compile(r"多久.{0,6}一次|多长时间.{0,6}一次|几次|几回|\bhow often\b", re.IGNORECASE)
_HOLDS_OFTEN = re.compile(
    r"每|次|回|逐|随时|随到|\b(?:every|each|once|twice|times|per|annual|yearly|monthly|weekly|daily|quarterly"
    r"|a (?:year|month|week|day)|always|continuous)",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(万|亿|元)")
_BRACKET = re.compile(r"(\d+(?:\.\d+)?)\s*(万|亿)?元?(?:[（(]含[）)])?\s*[至到~～—-]\s*(\d+(?:\.\d+)?)\s*(万|亿)?元")
_SCALES = {"万": 1e4, "亿": 1e8}


class Readied(Protocol):
    """A text made ready for matching, as `terms.Matchable` is."""

    @property
    def folded(self) -> str:
        """The folded text."""

    @property
    def stems(self) -> frozenset[str]:
        """Its English stems and numbers."""


@dataclass(frozen=True)
class Demands:
    """What a question names that its answer has to hold; each part may be absent."""

    text: str

    @cached_property
    def years(self) -> frozenset[str]:
        """Years that the question names."""
        return frozenset(_YEAR.findall(self.text))

    @cached_property
    def unit(self) -> str | None:
        """The thing counted: 起 of 多少起, a stem of "how many litres"."""
        chinese = _CHINESE_UNIT.search(self.text)
        if chinese:
            return chinese[1]
        english = _ENGLISH_UNIT.search(self.text)
        return stem(english[1].lower()) if english else None

    @cached_property
    def attribute(self) -> str | None:
        """The column asked for: 免赔额 of "…的免赔额是多少"."""
        chinese = _ATTRIBUTE_ZH.search(self.text)
        if chinese:
            return fold(chinese[1])
        english = _ATTRIBUTE_EN.search(self.text)
        return stem(english[1].lower()) if english else None

    @cached_property
    def amounts(self) -> tuple[float, ...]:
        """Sums of money that the question names, in yuan."""
        return tuple(_yuan(number, scale) for number, scale in _AMOUNT.findall(self.text.replace(",", "")))

    def lacking(self, quote: str, here: Readied, around: Readied, *, row: bool, same_language: bool) -> float:
        """Return 1 where a sentence lacks something of what is demanded, else 0.

        `here` is the sentence made ready, `around` its headings and its document's title; `row` tells a table's row,
        which names all that it holds.
        """
        lacks = (
            self._lacks_year(quote, around.folded)
            or (self._wants_reason and not _HOLDS_REASON.search(quote))
            or (self._wants_frequency and not _HOLDS_OFTEN.search(quote))
            or (row and self._lacks_amount(quote))
            or (same_language and self.unit is not None and not _names(self.unit, here))
            or (same_language and row and self.attribute is not None
                and not (_names(self.attribute, here) or _names(self.attribute, around)))
        )  # fmt: skip
        return float(lacks)

    @cached_property
    def _wants_reason(self) -> bool:
        return _REASON.search(self.text) is not None

    @cached_property
    def _wants_frequency(self) -> bool:
        return _OFTEN.search(self.text) is not None

    def _lacks_amount(self, quote: str) -> bool:
        """Tell whether a row is for other sums than the question's: for 5万元至20万元, and not for 30万."""
        brackets = _BRACKET.findall(quote.replace(",", "")) if self.amounts else []
        return bool(brackets) and not any(
            _yuan(low, low_scale or high_scale) <= amount <= _yuan(high, high_scale)
            for low, low_scale, high, high_scale in brackets
            for amount in self.amounts
        )

    def _lacks_year(self, quote: str, around: str) -> bool:
        """Tell whether a sentence speaks of other years only."""
        if not self.years:
            return False
        stated = frozenset(_YEAR.findall(quote)) or frozenset(_YEAR.findall(around))
        return bool(stated) and not self.years & stated


def _yuan(number: str, scale: str) -> float:
    return float(number) * _SCALES.get(scale, 1.0)


def _names(word: str, text: Readied) -> bool:
    return word in text.stems or word in text.folded
