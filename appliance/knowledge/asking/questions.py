"""What a question asks for: its concepts with their other spellings, numbers, names and the kind of answer."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Literal

import rjieba
import yaml

from appliance.knowledge.asking.answer_kinds import AnswerKind, holds_kind, kind_of
from appliance.knowledge.language.glossary import Entry, Terms, terms_with
from appliance.knowledge.language.terms import pairs, words
from appliance.knowledge.language.text import Language, language_of

_PLAIN, _VERB, _NUMBER, _OTHER, _MEASURE = 0.8, 0.5, 0.5, 0.4, 0.3
_MEASURES = frozenset(
    [
        "年",
        "月",
        "个月",
        "天",
        "日",
        "小时",
        "分钟",
        "元",
        "每年",
        "每月",
        "每天",
        "每日",
        "year",
        "month",
        "day",
        "hour",
    ]
) | {"minute", "yuan"}
_AUXILIARIES = "能可要想会"
_STOPWORDS = Path(__file__).with_name("stopwords.yaml")


# "一年多少钱" asks for a price a year; the one is no number to look for. "一年期" and "第一年" name things.
_ONE_EACH = re.compile(r"(?<![第十百千\d])一(?=(?:年|个月|天|次|份|张|笔)(?:是|要|收|需)?[^，。？]{0,3}(?:多少|几))")


@dataclass(frozen=True)
class Concept:
    """One thing that is asked about. `kind` is `word`, `number` or `name`.

    `chinese` are folded spellings, `english` tuples of stems; either may be empty when no translation is known.
    """

    kind: Literal["word", "number", "name"]
    chinese: tuple[str, ...] = ()
    english: tuple[tuple[str, ...], ...] = ()
    own: str = ""
    salience: float = 1.0
    """How much of the question's meaning the word carries: a noun more than a verb."""

    def known_in(self, language: str) -> bool:
        """Tell whether the concept has a spelling in a language; numbers and names are alike in both."""
        return self.kind != "word" or bool(self.chinese if language == "zh" else self.english)


@dataclass(frozen=True)
class Question:
    """A question taken apart."""

    text: str
    language: Language
    kind: AnswerKind
    concepts: tuple[Concept, ...]

    def search_terms(self) -> list[str]:
        """Return what to look for by full text, in both languages."""
        found: list[str] = []
        for concept in self.concepts:
            found.extend(concept.own.split())
            for word in concept.chinese:
                found.extend(pairs(word) if len(word) > 2 else [word])
            found.extend(term for phrase in concept.english for term in phrase)
        return list(dict.fromkeys(found))

    def fits_kind(self, text: str) -> bool:
        """Tell whether a sentence holds the kind of thing that is asked for."""
        return holds_kind(text, self.kind)


def analyse(text: str, glossary: str = "") -> Question:
    """Take a question apart; `glossary` are the bank's own terms, as `glossary.read_entries` reads them."""
    return Question(
        text, language_of(text), kind_of(text), tuple(_concepts(_ONE_EACH.sub("每", text), terms_with(glossary)))
    )


def _names(text: str) -> set[str]:
    """Return capitalised words that do not open the sentence, and Latin words in Chinese text, folded."""
    found: set[str] = set()
    for match in re.finditer(r"[A-Z][A-Za-z0-9-]+", text):
        opens = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1:] in ".?!"
        if not opens or match.group()[1:].upper() == match.group()[1:]:
            found.update(term for _kind, term in words(match.group()))
    return found


def _spellings(found: tuple[Entry, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return all other spellings; a lone character is looked up but not looked for, as it stands in many words."""
    chinese: dict[str, None] = {}
    for entry in found:
        longer = [word for word in entry.chinese if len(word) > 1]
        chinese |= dict.fromkeys(longer or entry.chinese)
    english = dict.fromkeys(phrase for entry in found for phrase in entry.english)
    return tuple(chinese), tuple(english)


def _concepts(text: str, glossary: Terms) -> list[Concept]:
    names = _names(text)
    concepts: list[Concept] = []
    run: list[tuple[str, str]] = [*words(text)]
    start = 0
    while start < len(run):
        kind = run[start][0]
        end = start
        while end < len(run) and run[end][0] == kind:
            end += 1
        terms = [term for _kind, term in run[start:end]]
        if kind == "number":
            concepts.extend(Concept("number", own=term, salience=_NUMBER) for term in terms)
        elif kind == "zh":
            concepts.extend(_chinese_concepts(terms, glossary))
        else:
            concepts.extend(_english_concepts(terms, names, glossary))
        start = end
    return list(dict.fromkeys(concepts))


def _chinese_concepts(terms: list[str], glossary: Terms) -> list[Concept]:
    """Glossary terms first, the longest; the dictionary's words for what they leave."""
    text = "".join(terms)
    concepts = []
    covered = [False] * len(text)
    edges = list(accumulate(map(len, terms), initial=0))
    for start, end, found in glossary.in_chinese(text):
        inside_a_word = end - start == 1 and (start not in edges or end not in edges)
        if inside_a_word or text[start:end] in stop_terms("zh"):
            continue
        covered[start:end] = [True] * (end - start)
        chinese, english = _spellings(found)
        concepts.append(Concept("word", chinese, english, text[start:end], _salience(text[start:end])))
    at = 0
    for term in terms:
        inside = covered[at : at + len(term)]
        at += len(term)
        if any(inside) or term in stop_terms("zh"):
            continue
        term = term[1:] if len(term) == 2 and term[0] in _AUXILIARIES else term
        if term not in stop_terms("zh"):
            concepts.append(Concept("word", (term,), own=term, salience=_salience(term)))
    return concepts


def _salience(word: str) -> float:
    """Return the weight of a Chinese word by its part of speech; a phrase counts as a noun."""
    if word in _MEASURES:
        return _MEASURE
    tagged = rjieba.tag(word)
    if len(tagged) != 1:
        return 1.0
    tag = tagged[0][1]
    return _VERB if tag == "v" else _PLAIN if tag[0] in "nlijqte" or tag == "vn" else _OTHER


@cache
def stop_terms(language: str) -> frozenset[str]:
    """Return the terms of a language that say nothing of what a question is about."""
    listed = yaml.safe_load(_STOPWORDS.read_text(encoding="utf-8"))[language].split()
    return frozenset(listed if language == "zh" else (term for word in listed for _kind, term in words(word)))


def _english_concepts(terms: list[str], names: set[str], glossary: Terms) -> list[Concept]:
    concepts = []
    covered = [False] * len(terms)
    for start, end, found in glossary.in_english(terms):
        covered[start:end] = [True] * (end - start)
        chinese, english = _spellings(found)
        own = " ".join(terms[start:end])
        salience = _MEASURE if own in _MEASURES else max(_salience(word) for word in chinese)
        concepts.append(Concept("word", chinese, (tuple(terms[start:end]), *english), own, salience))
    stop = stop_terms("en")
    for term, inside in zip(terms, covered, strict=True):
        if inside or term in stop or len(term) < 2:
            continue
        kind: Literal["name", "word"] = "name" if term in names else "word"
        concepts.append(Concept(kind, (), ((term,),), term, 1.0 if kind == "name" else _PLAIN))
    return concepts


def own_terms(text: str) -> frozenset[str]:
    """Return a text's character pairs, stems and numbers, without those that say nothing."""
    found: set[str] = set()
    runs = [""]
    for kind, term in words(text):
        if kind == "zh" and term not in stop_terms("zh"):
            runs[-1] += term
            continue
        runs.append("")
        if kind == "number" or (kind == "en" and term not in stop_terms("en")):
            found.add(term)
    return frozenset(found.union(*(pairs(run) for run in runs if run)))
