"""How a customer's turn sounds: by a weighted list of words in both languages, and by the turn's embedding if given.

Nothing is heard of the voice: speech recognition gives text only. The words and weights are in emotion.yaml.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

import ahocorasick
from pydantic import BaseModel, ConfigDict, Field

from appliance.core.protocols import Vectors
from appliance.guardrails.personal.folding import fold

from ..models import Emotion
from .emotion_weights import LABELS, Label, likely
from .files import read_yaml
from .templates import phrase_pattern
from .vocabulary import small, whole_words

Strength = Literal["strong", "medium", "weak"]
_FILE = Path(__file__).with_name("emotion.yaml")
_LONGEST = 4000  # characters that are read, from both ends of a longer turn
_LEAST = 0.45  # below it a turn is calm
_MOST_EVIDENCE = 5
_STRONGER, _WEAKER = 1.25, 0.8
_CHINESE_NOT = re.compile(
    r"(?:(?<![要得是好差而])不|没有?|别|未|并非|毫无|不再)(?:太|怎么|是|会|算|够|有|特别|很|那么|用|必|要|想|觉得|感到)?$"
)
_ENGLISH_NOT = re.compile(
    r"(?:\b(?:not|never|no|without|hardly|neither)|n['’]t|\b(?:do|did|does|is|was|are|were|wo|would|could|have|has)nt)"
    r"(?: [\w']+){0,2} $"
)
_CHINESE_MORE = re.compile(r"(?:太|非常|特别|真|超|极其|实在|简直|相当|十分|好|这么)$")
_CHINESE_LESS = re.compile(r"(?:有点|有些|稍微|稍|一点)$")
_ENGLISH_MORE = re.compile(r"\b(?:so|very|really|extremely|absolutely|totally|completely|such a|too|incredibly) $")
_ENGLISH_LESS = re.compile(r"\b(?:a bit|a little|slightly|kind of|sort of|somewhat) $")
_WINDOW = 24
_NEGATIVE: tuple[Label, ...] = ("angry", "anxious", "disappointed", "confused")  # of equals the first one counts

# Chosen by cross-validation on the training turns; calm is ahead by so much that 4 % of the calm ones sound upset.
_SAY_OF_WORDS = 2.0
_CALM_AHEAD = 0.5
_SOUNDS = re.compile("[a-z]+|[\u3400-\u9fff]")
_LEAST_SAID = 3  # words or Chinese characters; of less an embedding says nothing

_Words = dict[Literal["zh", "en"], list[str]]
_Weight = Annotated[float, Field(ge=0.0, le=1.0)]


class _Lists(BaseModel):
    """The whole of emotion.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: dict[Strength, _Weight]
    pull: dict[Label, Annotated[float, Field(ge=-1.0, le=1.0)]]
    calm: _Words
    satisfied: dict[Strength, _Words]
    anxious: dict[Strength, _Words]
    confused: dict[Strength, _Words]
    disappointed: dict[Strength, _Words]
    angry: dict[Strength, _Words]


@dataclass(frozen=True)
class _Hit:
    label: Label
    weight: float
    start: int
    end: int


@dataclass(frozen=True)
class _Lexicon:
    words: Any
    """Automaton of the phrases without gaps."""
    gapped: tuple[tuple[re.Pattern[str], Label, float], ...]
    pull: Mapping[Label, float]
    strong: float


def read_emotion(text: str, vector: Vectors | None = None) -> Emotion:
    """Return the emotion of a customer's turn in English, Chinese or both.

    With the turn's `vector` (384 floats of the bundled embedder, as a query) sentences are judged too that say it
    without any word of the list; without it, or with one of another embedder, the words decide alone.
    """
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}\n{text[-_LONGEST // 2 :]}"
    folded = fold(text)
    plain = small(folded.text).replace("’", "'")
    missing: dict[Label, float] = {}
    evidence: list[tuple[Label, str]] = []
    for hit in _hits(plain):
        label, weight = _in_context(plain, hit)
        if label != "calm":
            missing[label] = missing.get(label, 1.0) * (1.0 - min(weight, 0.97))
            start, end = folded.original(hit.start, hit.end)
            evidence.append((label, text[start:end]))
    of_words = {label: 1.0 - rest for label, rest in missing.items()}
    label, score = _by_words(of_words)
    if vector is not None and (of_words or len(_SOUNDS.findall(plain)) >= _LEAST_SAID):
        shares = likely(vector, of_words, _SAY_OF_WORDS, _CALM_AHEAD)
        if shares is not None:
            label = max(LABELS, key=lambda one: shares[one])
            score = sum(share * _lexicon().pull.get(one, 0.0) for one, share in shares.items())
    shown = dict.fromkeys(words for kind, words in evidence if kind == label)
    return Emotion(label=label, score=round(max(-1.0, min(score, 1.0)), 3), evidence=tuple(shown)[:_MOST_EVIDENCE])


def _by_words(sums: Mapping[Label, float]) -> tuple[Label, float]:
    """Return label and score by what the list of words found for each label, 0 to 1."""
    pull = _lexicon().pull
    negative = max(((label, sums.get(label, 0.0)) for label in _NEGATIVE), key=lambda pair: pair[1])
    if sums.get("angry", 0.0) >= _lexicon().strong:  # whoever names anger is angry, whatever else is said
        negative = "angry", max(negative[1], sums["angry"])
    pleased = sums.get("satisfied", 0.0)
    score = pleased * pull["satisfied"] + min(sums.get(one, 0.0) * pull[one] for one in _NEGATIVE)
    if max(negative[1], pleased) < _LEAST:
        return "calm", score / 2
    return (negative[0] if negative[1] >= pleased else "satisfied"), score


def _in_context(text: str, hit: _Hit) -> tuple[Label, float]:
    """Return label and weight of a hit with the words before it: a negation, more, or less."""
    before = text[max(0, hit.start - _WINDOW) : hit.start]
    chinese = text[hit.start] >= "\u2e80"
    if (_CHINESE_NOT if chinese else _ENGLISH_NOT).search(before):
        return ("disappointed" if hit.label == "satisfied" and hit.weight > 0.4 else "calm"), hit.weight
    if (_CHINESE_MORE if chinese else _ENGLISH_MORE).search(before):
        return hit.label, hit.weight * _STRONGER
    if (_CHINESE_LESS if chinese else _ENGLISH_LESS).search(before):
        return hit.label, hit.weight * _WEAKER
    return hit.label, hit.weight


def _hits(text: str) -> list[_Hit]:
    """Return the phrases of a folded text in small letters; of overlapping ones the longest stands."""
    lexicon = _lexicon()
    found = []
    for last, (label, weight, length) in lexicon.words.iter(text):
        start = last + 1 - length
        if whole_words(text, start, last + 1):
            found.append(_Hit(label, weight, start, last + 1))
    for pattern, label, weight in lexicon.gapped:
        found += [_Hit(label, weight, match.start(), match.end()) for match in pattern.finditer(text)]
    taken = bytearray(len(text))
    stand = []
    for hit in sorted(found, key=lambda hit: (hit.start - hit.end, -hit.weight, hit.start)):
        if not (taken[hit.start] or taken[hit.end - 1]):
            taken[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
            stand.append(hit)
    return sorted(stand, key=lambda hit: hit.start)


@cache
def _lexicon() -> _Lexicon:
    lists = read_yaml(_FILE, _Lists)
    words = ahocorasick.Automaton()
    gapped = []
    for label, weight, phrase in _phrases(lists):
        if "…" in phrase:
            gapped.append((re.compile(phrase_pattern(phrase)), label, weight))
            continue
        for spelling in _spellings(phrase.lower()):
            if not words.exists(spelling):
                words.add_word(spelling, (label, weight, len(spelling)))
    words.make_automaton()
    return _Lexicon(words, tuple(gapped), lists.pull, lists.strength["strong"])


def _phrases(lists: _Lists) -> Iterator[tuple[Label, float, str]]:
    for phrases in lists.calm.values():
        yield from (("calm", 0.0, phrase) for phrase in phrases)
    labelled: dict[Label, dict[Strength, _Words]] = {
        "satisfied": lists.satisfied,
        "angry": lists.angry,
        "anxious": lists.anxious,
        "disappointed": lists.disappointed,
        "confused": lists.confused,
    }
    for strength, weight in lists.strength.items():
        for label, by_strength in labelled.items():
            for phrases in by_strength.get(strength, {}).values():
                yield from ((label, weight, phrase) for phrase in phrases)


def _spellings(phrase: str) -> Iterator[str]:
    """Yield what a phrase without gaps stands for; (x)? may be left out, apostrophes may be missing."""
    pieces = re.split(r"(\([^)]*\)\??)", phrase)
    choices = []
    for piece in pieces:
        if piece.startswith("("):
            options = piece.strip("()?").split("|")
            choices.append([*options, ""] if piece.endswith("?") else options)
        else:
            choices.append([piece])
    for chosen in product(*choices):
        spelling = " ".join("".join(chosen).split())
        if spelling:
            yield spelling
            if "'" in spelling:
                yield spelling.replace("'", "")
