"""Blanks that nobody filled in."""

import re
from collections.abc import Iterator
from typing import Final

from .issues import Issue
from .text import ContractText

BLANK: Final = re.compile(
    r"[_＿]{2,}|【[\s●*]*】|\[[\s●*]*\]|[（(][\s●]+[)）]|[Xx×]{2,}(?=\s*[年月日元%％])|(?<!\d)(?:20)?\s*年\s+月\s+日"
    r"|(?:人民币|RMB)\s*(?:万元|元)|(?:利率|费率)为?\s*[%％]|期限为?\s*(?:个月|年)(?![\u4e00-\u9fff\d])|\.{6,}|…{2,}"
)
_AROUND: Final = 30


def blanks(text: ContractText) -> Iterator[Issue]:
    """Yield each line with blanks; those in the places for signatures are only to be signed."""
    signing = {line.where for line in text.signing}
    for line in text.lines:
        found = list(BLANK.finditer(line.text))
        if not found:
            continue
        first, last = found[0], found[-1]
        quote = line.text[max(0, first.start() - _AROUND) : last.end() + _AROUND].strip()
        in_signing = line.where in signing
        yield Issue(
            "to_sign" if in_signing else "blank",
            "info" if in_signing else "serious",
            {"quote": quote},
            (line.place(quote),),
        )
