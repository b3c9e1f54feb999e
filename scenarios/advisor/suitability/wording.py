"""How people write, in Chinese and English, that something may be bought, and how that it may not: `wording.yaml`."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from appliance.scenario.yaml_files import read_as

from .forms import Section

WORDING: Final = Path(__file__).with_name("wording.yaml")
Kind = Literal["buy", "recommend", "suit", "grant"]
"""May be bought; is recommended; suits; was approved or goes through."""
Patterns = Annotated[tuple[str, ...], Field(min_length=1)]

_GAP: Final = r"[\s\u200b\u200c\u200d\ufeff*_~·.-]{0,2}"
_BETWEEN: Final = re.compile(r"\[[^\]]*\]|(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])")
"""A class of characters, which stays as it is, or the place between two Chinese characters."""
_COMPLEX: Final = "買賣購適薦議這該請沒問題為額資產準個對還無檢過風險們選擇單辦認與說聲審評級覺詢專業測後別時會"
_SIMPLE: Final = "买卖购适荐议这该请没问题为额资产准个对还无检过风险们选择单办认与说声审评级觉询专业测后别时会"
_FOLDS: Final = str.maketrans(
    {chr(0xFF01 + at): chr(0x21 + at) for at in range(94)}
    | dict(zip(_COMPLEX, _SIMPLE, strict=True))
    | {"\u3000": " ", "\u00a0": " ", "’": "'"}
)


class _Way(Section):
    kind: Kind
    follows: bool
    patterns: Patterns


class _File(Section):
    parts: dict[str, str]
    phrases: tuple[_Way, ...]
    neutral: Patterns
    double: Patterns
    negation: Patterns
    denied_after: Patterns
    question: Patterns
    asking: Patterns
    rhetorical: Patterns
    reported: Patterns
    later: Patterns
    condition: Patterns
    skipped: Patterns
    only_others: Patterns
    mine: Patterns
    other_things: Patterns
    pointing: Patterns
    instead: Patterns
    border: Patterns
    end: Patterns
    words: Patterns
    stated: Patterns
    joined: Patterns
    facts: Patterns


@dataclass(frozen=True)
class Phrase:
    """One way to say it. `follows`: what may be bought comes after it, else before."""

    kind: Kind
    follows: bool
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Wording:
    """The patterns, over text as `folded` returns it."""

    phrases: tuple[Phrase, ...]
    neutral: re.Pattern[str]
    """Words with a negation in them that negate nothing."""
    double: re.Pattern[str]
    """Two negations in a row: it may be bought."""
    negation: re.Pattern[str]
    denied_after: re.Pattern[str]
    """Directly after what is said: it is denied."""
    question: re.Pattern[str]
    """A question that is told."""
    asking: re.Pattern[str]
    """The end of a question without a mark."""
    rhetorical: re.Pattern[str]
    reported: re.Pattern[str]
    """Someone says so, not we."""
    later: re.Pattern[str]
    """A new assessment."""
    condition: re.Pattern[str]
    skipped: re.Pattern[str]
    """The new assessment is not asked for."""
    only_others: re.Pattern[str]
    """For whom else it is."""
    mine: re.Pattern[str]
    """The reader is one of those."""
    other_things: re.Pattern[str]
    pointing: re.Pattern[str]
    instead: re.Pattern[str]
    """Directly before a product: it is not what is meant."""
    border: re.Pattern[str]
    """Between clauses."""
    end: re.Pattern[str]
    """Of a sentence."""
    words: re.Pattern[str]
    """Of buying and suiting, whatever the grammar."""
    stated: re.Pattern[str]
    """A condition, a fee or a fact, in which such words are harmless."""
    joined: re.Pattern[str]
    """Between two products that are named together."""
    facts: re.Pattern[str]
    """Words of figures and descriptions; `\\0` stands for the letters of a product's name."""


@cache
def wording() -> Wording:
    """Return the patterns. Raises `ConfigError` or `re.error` for a faulty file, which ships with us."""
    file = read_as(WORDING, _File)

    def compiled(patterns: Patterns) -> re.Pattern[str]:
        whole = "|".join(patterns)
        for name, part in file.parts.items():
            whole = whole.replace(f"<{name}>", part)
        return re.compile(_BETWEEN.sub(lambda found: found[0] or _GAP, whole))

    others = {name: compiled(getattr(file, name)) for name in _File.model_fields if name not in ("parts", "phrases")}
    return Wording(tuple(Phrase(way.kind, way.follows, compiled(way.patterns)) for way in file.phrases), **others)


def folded(text: str) -> str:
    """Return text of the same length: half-width, simplified, small letters, so that places stay the same."""
    return "".join(one.lower() if len(one.lower()) == 1 else one for one in text.translate(_FOLDS))
