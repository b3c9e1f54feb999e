"""What a question is about: its words told apart into subject, attribute, action and filler, where they stand."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import rjieba
import yaml

from appliance.knowledge.asking.questions import stop_terms
from appliance.knowledge.language.glossary import chinese_terms_in
from appliance.knowledge.language.siblings import members_in
from appliance.knowledge.language.terms import stem
from appliance.knowledge.language.text import Language, language_of

_FILE = Path(__file__).with_name("followups.yaml")
_TOKEN = re.compile(r"[\u3400-\u9fff]+|[A-Za-z][\w'’-]*|\d[\d.,%:]*")
_ASKING = re.compile(
    r"哪[里儿个些家种位项一]|什么|多[少久长大高]|怎么样?|怎样|如何|为什么|为何|几[个天年月次点种岁]|谁|是不是|能不能"
    r"|可不可以|有没有"
    r"|要不要|会不会|一次|一年|一天|一个月|每[年月天次日笔]|各"
)
_JOINING = re.compile(
    r"(?:[ \-/]|\s*(?:的|或|和|与)\s*"
    r"| (?!(?:do|does|did|is|are|was|were|can|could|will|would|may|must|should|has|have|get|gets|take|takes|cost"
    r"|costs)\b)"
    r"(?:[\w'’-]+ ){0,3})?",
    re.IGNORECASE,
)
# The word after "can I", "to" … is a verb.
_VERB_BEFORE = re.compile(r"\b(?:I|we|you|they|customers?|clients?|one|to)(?: not)? $", re.IGNORECASE)

Kind = Literal["subject", "attribute", "action", "stop"]


@dataclass(frozen=True)
class Word:
    """A word of a question at its offsets."""

    text: str
    start: int
    end: int
    kind: Kind


@cache
def _listed(language: Language) -> dict[str, Kind]:
    lists = yaml.safe_load(_FILE.read_text(encoding="utf-8"))[language]
    kinds: dict[str, Kind] = dict.fromkeys(lists["actions"].split(), "action")
    kinds |= dict.fromkeys(lists["attributes"].split(), "attribute")
    return kinds


def words_of(question: str) -> list[Word]:
    """Return the words of a question in order, without those of asking itself (多少, 什么)."""
    found: list[Word] = []
    asking = [match.span() for match in _ASKING.finditer(question)]
    for match in _TOKEN.finditer(question):
        if "\u3400" <= match.group()[0] <= "\u9fff":
            found.extend(_chinese(question, match.start(), match.end(), asking))
        else:
            text = match.group()
            found.append(Word(text, match.start(), match.end(), _english_kind(text)))
    return found


def subject_words(question: str) -> list[Word]:
    """Return the words that are not filler."""
    return [word for word in words_of(question) if word.kind != "stop"]


def is_generic(word: Word) -> bool:
    """Tell whether a word names no thing of its own."""
    return word.kind != "subject"


def topic_of(question: str, *, actions: bool = False, gerund: bool = True) -> str:
    """Return what a question is about, in its own words and order; with what is done to it where `actions`.

    An English verb that opens the topic is given as `gerund`, or as it stands.
    """
    kept = [word for word in subject_words(question) if word.kind == "subject" or (actions and word.kind == "action")]
    if language_of(question) == "en":
        return _english_topic(question, kept, gerund)
    text = ""
    last = 0
    for word in kept:
        between = question[last : word.start] if text else ""
        text += (between if _JOINING.fullmatch(between) else "") + word.text
        last = word.end
    return text


def _english_topic(question: str, kept: list[Word], gerund: bool) -> str:
    """Join the words as they stand, with "for" where a verb is left out between; an opening verb becomes a gerund."""
    text = ""
    last = 0
    for word in kept:
        between = question[last : word.start]
        if text:
            text += between if _JOINING.fullmatch(between) else " for "
        opens = gerund and not text and _VERB_BEFORE.search(question[: word.start])
        text += _gerund(word.text) if opens else word.text
        last = word.end
    return text


def _gerund(verb: str) -> str:
    """Return the -ing form: sending, replacing, getting."""
    if verb.endswith("ing"):
        return verb
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return verb[:-1] + "ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", verb):
        return verb + verb[-1] + "ing"
    return verb + "ing"


def _chinese(question: str, start: int, end: int, asking: list[tuple[int, int]]) -> list[Word]:
    """Cut a run of Chinese: asking words out, glossary terms whole, the dictionary's words for the rest."""
    found: list[Word] = []
    at = start
    for left, right in [*((one, two) for one, two in asking if start <= one and two <= end), (end, end)]:
        if left > at:
            found.extend(_cut(question[at:left], at))
        at = max(at, right)
    return found


def _cut(run: str, offset: int) -> list[Word]:
    found: list[Word] = []
    known = [(start, end) for start, end, _entries in chinese_terms_in(run) if end - start > 1]
    known += [(member.start, member.end) for member in members_in(run)]
    terms: list[tuple[int, int]] = []
    for start, end in sorted(known, key=lambda span: (span[0], -span[1])):
        if not terms or start >= terms[-1][1]:
            terms.append((start, end))
    at = 0
    for start, end in [*terms, (len(run), len(run))]:
        for piece in rjieba.cut(run[at:start]) if start > at else ():
            found.append(Word(piece, offset + at, offset + at + len(piece), _chinese_kind(piece)))
            at += len(piece)
        if end > start:
            found.append(Word(run[start:end], offset + start, offset + end, _chinese_kind(run[start:end])))
        at = end
    return found


def _chinese_kind(word: str) -> Kind:
    if word in stop_terms("zh"):
        return "stop"
    listed = _listed("zh")
    if word in listed:
        return listed[word]
    pieces = [] if rjieba.tag(word)[0][1].startswith("n") else list(word)
    for parts in (rjieba.cut(word), pieces):
        if len(parts) > 1 and all(part in listed or part in stop_terms("zh") for part in parts):
            return "attribute"
    return "stop" if len(word) == 1 and rjieba.tag(word)[0][1][0] in "uydrpcmqf" else "subject"


def _english_kind(word: str) -> Kind:
    lower = word.lower().removesuffix("'s").removesuffix("’s")
    if re.search(r"n['’]t$", lower) or stem(lower) in stop_terms("en") or lower in stop_terms("en") or len(lower) == 1:
        return "stop"
    if lower[0].isdigit():
        return "subject"
    return _listed("en").get(lower, "subject")
