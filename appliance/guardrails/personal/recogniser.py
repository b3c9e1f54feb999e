"""What a recogniser of numbers is: a pattern, a judgement of what it matches, and words near by that raise it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from appliance.guardrails.personal.kinds import Kind
from appliance.guardrails.personal.spans import Span

_BEFORE, _AFTER = 32, 10  # characters on each side in which a word counts
_RAISE, _LOWER = 0.3, 0.4
_HIGHEST = 0.99
# What names another sort of number. Digits behind it are not personal data unless their own word stands nearer.
FOREIGN = re.compile(
    r"订单|流水|单号|编号|批次|凭证号|合同号?|发票|交易号|参考号|代码|货号|条码|版本|文号|案号|序列号|产品|证券|股票|基金|快递"
    r"|\border\b|\btransaction\b|\bref(?:erence)?\b|\binvoice\b|\bserial\b|\btracking\b|\bversion\b|\bbatch\b|\bsku\b"
    r"|\bticket\b|\bcontract\b|\bcase\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Recogniser:
    """Finds one form of one kind; the span is the group `value` where the pattern has it, else the whole match."""

    kind: Kind
    pattern: re.Pattern[str]
    judge: Callable[[str], float]
    """The score of the matched value without context, 0 for none."""
    words: re.Pattern[str] | None = None
    """Words before it (or shortly after) that raise the score."""
    needs: tuple[str, ...] = ()
    """One of these, in small letters, must stand in the text; without any, the rule is one on digits."""

    def find(self, text: str, start: int, end: int) -> Iterator[Span]:
        """Yield what stands in `text[start:end]`; surroundings are read from the whole text."""
        for match in self.pattern.finditer(text, start, end):
            group = "value" if "value" in self.pattern.groupindex else 0
            score = self.judge(match.group(group))
            if score > 0:
                yield Span(self.kind, match.start(group), match.end(group), self._in_context(text, match, score))

    def _in_context(self, text: str, match: re.Match[str], score: float) -> float:
        if self.words is None:
            return score
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        own = last_place(self.words, before)
        foreign = last_place(FOREIGN, before)
        if (own >= 0 and own >= foreign) or self.words.match(text[match.end() : match.end() + _AFTER].lstrip(" (-")):
            return min(score + _RAISE, _HIGHEST)
        return score - _LOWER if foreign > own else score


def last_place(pattern: re.Pattern[str], text: str) -> int:
    """Return where the last match of `pattern` in `text` ends, -1 for none."""
    return max((match.end() for match in pattern.finditer(text)), default=-1)


def bare(value: str) -> str:
    """Return `value` in capitals without what people put between digits."""
    return re.sub(r"[ .()\-]", "", value).upper()
