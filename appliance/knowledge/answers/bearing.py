"""Whether quotations bear a written sentence out: its numbers, names, denials, limits and words, and its meaning."""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import rjieba

from appliance.core.protocols import Embedder
from appliance.knowledge.asking.questions import analyse, stop_terms
from appliance.knowledge.asking.values import Value, spelled_out, values_in
from appliance.knowledge.language.limit_words import LOWER, UPPER
from appliance.knowledge.language.negation import is_negated
from appliance.knowledge.language.terms import Matchable, fold, words
from appliance.knowledge.language.text import language_of

_LONGEST = 400  # characters
_LEAST_OVERLAP = 0.8  # of the written words, those that stand in the quotations or the question
_LEAST_TRANSLATED = 0.6  # of the written words with a known translation, those whose translation stands there
# E5 on pairs of own writing: cosines of a faithful sentence with its quotation were 0.908 to 0.989 in one language and
# 0.802 to 0.855 across, those of a foreign one 0.776 to 0.936 and 0.728 to 0.821.
LEAST_COSINE = {True: 0.89, False: 0.80}
_BESIDE, _NEAR = 2, 3  # words on each side of a number, as written and in the source
_AROUND = 14  # characters on each side of a figure in which "at most" and "at least" count
_NUMBER = re.compile(r"\d+(?:[.:]\d+)*")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w-]+|\b[A-Z]{2,}\b")
_ADDRESS = re.compile(
    r"https?:|www\.|[\w.-]+@[\w-]|\b[\w-]+\.(?:com|cn|net|org|io|info|biz|top|xyz|ru|co)\b", re.IGNORECASE
)
_CLAUSES = re.compile(r"[，；。：,;:!?！？]|\.(?=\s|$)|\b(?:but|while|whereas|although|unless|except)\b|但是?|而是?")
# A written sentence may not be stricter or wider than its source: what it says of these, the source must say.
_STRENGTHS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"必须|务必|应当|须|\bmust\b|\brequired\b|\bshall\b|\bhave to\b|\bneeds? to\b|需要?|\bneed(?:s|ed)?\b|应",
        r"仅|只能|只可|只限|只(?=[^有])|\bonly\b|\bsolely\b",
        r"免费|免收|\bfree\b|不收|\bno (?:fee|charge)|\bwaive",
        r"保证|保本|\bguarantee|\bensure",
        r"立即|马上|当场|\bimmediately\b|\bat once\b|\binstant",
    )
)
_PROPER = ("nr", "ns", "nt")  # rjieba's tags of people, places and organisations


def is_borne_out(text: str, question: str, quoted: str, context: str = "") -> bool:
    """Tell whether a written sentence says nothing that the quotation does not.

    Every number and name of it must stand there, each number beside the same words; each clause denies or affirms as
    its clause of the source does; limits and duties are those of the source; nearly all its other words come from the
    quotation, the question or `context` (the headings). Across languages known translations take the words' place.
    """
    if not text or len(text) > _LONGEST or language_of(text) != language_of(question) or _ADDRESS.search(text):
        return False
    if not (_names_stand(text, f"{quoted}\n{question}\n{context}") and _limits_hold(text, quoted)):
        return False
    if any(strength.search(text) and not strength.search(quoted) for strength in _STRENGTHS):
        return False
    if language_of(quoted) == language_of(text):
        return _holds_in_one_language(text, question, quoted, context)
    return _holds_across(text, question, quoted, context)


class GivenFigures:
    """Texts whose figures may be said, read once; the figures of other texts are held against them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._values = [value for text in texts for value in values_in(spelled_out(text))]
        self._contents = [_content(text) for text in texts]

    def have_all_of(self, text: str) -> bool:
        """Tell whether each figure of `text` stands in one of the texts: with its unit where it has one."""
        return _are_among(values_in(spelled_out(text)), self._values)

    def keep_company_with(self, text: str) -> bool:
        """Tell whether each number of `text` that stands in one of the texts stands beside the same words there.

        Words that the other text does not have do not count, so that a bare figure goes with any words.
        """
        written = _content(text)
        for at, entry in enumerate(written):
            having = [content for content in self._contents if entry[0] == "number" and entry in content]
            if having and not any(_keeps_company(written, at, one, {term for _kind, term in one}) for one in having):
                return False
        return True


def alike(texts: Sequence[str], quotes: Sequence[str], embedder: Embedder) -> list[bool]:
    """Tell for each written text whether its meaning is near that of its quotation. Blocking: it embeds."""
    vectors = embedder.embed([*texts, *quotes], "passage")
    cosines = (vectors[: len(texts)] * vectors[len(texts) :]).sum(axis=1)
    return [
        bool(cosine >= LEAST_COSINE[language_of(text) == language_of(quote)])
        for text, quote, cosine in zip(texts, quotes, cosines, strict=True)
    ]


def _holds_in_one_language(text: str, question: str, quoted: str, context: str) -> bool:
    source = fold(quoted)
    if not set(_NUMBER.findall(fold(text))) <= set(_NUMBER.findall(source)):
        return False
    if not (_numbers_keep_company(_content(text), _content(quoted)) and _denies_alike(text, quoted)):
        return False
    known = {term for _kind, term in words(f"{quoted}\n{question}\n{context}")}
    from_quotes = {term for _kind, term in words(quoted)}
    written = [term for _kind, term in _content(text)]
    shared = sum(term in known or (len(term) > 1 and term in source) for term in written)
    return bool(written) and shared >= _LEAST_OVERLAP * len(written) and any(term in from_quotes for term in written)


def _holds_across(text: str, question: str, quoted: str, context: str) -> bool:
    written, given = values_in(spelled_out(text)), values_in(spelled_out(quoted))
    figures = {value.key for value in given}
    if not _are_among(written, given):
        return False
    if is_negated(text) != is_negated(quoted):
        return False
    sources = {language: Matchable.of(f"{quoted}\n{context}\n{question}") for language in ("zh", "en")}
    language = language_of(quoted)
    judged = [
        any(word in sources["zh"].folded for word in concept.chinese)
        or any(all(term in sources["en"].stems for term in phrase) for phrase in concept.english)
        for concept in analyse(text).concepts
        if concept.kind == "word" and concept.known_in(language)
    ]
    return bool(judged or figures & {value.key for value in written}) and sum(judged) >= _LEAST_TRANSLATED * len(judged)


def _are_among(written: Sequence[Value], given: Sequence[Value]) -> bool:
    """Tell whether each written figure is given: with its unit where it has one."""
    figures = {value.key for value in given}
    numbers = {value.number for value in given}
    return all(value.key in figures if value.unit else value.number in numbers for value in written)


def _names_stand(text: str, sources: str) -> bool:
    source = fold(sources)
    if not all(re.search(rf"\b{re.escape(name.lower())}\b", source) for name in _NAME.findall(text)):
        return False
    if language_of(text) != "zh" or language_of(sources) != "zh":
        return True
    return all(fold(word) in source for word, tag in rjieba.tag(text) if tag in _PROPER and len(word) > 1)


def _limits_hold(text: str, quoted: str) -> bool:
    """Tell whether each figure that is written as a limit is that limit in the source."""
    sources = values_in(quoted)
    for value in values_in(text):
        written = _limit(fold(text), value.start, value.end)
        places = [_limit(fold(quoted), given.start, given.end) for given in sources if given.key == value.key]
        if written and places and not any(written <= place for place in places):
            return False
    return True


def _limit(folded: str, start: int, end: int) -> set[str]:
    around = _clause_part(folded[max(0, start - _AROUND) : start], before=True)
    around += " " + _clause_part(folded[end : end + _AROUND], before=False)
    return {name for name, pattern in (("upper", UPPER), ("lower", LOWER)) if pattern.search(around)}


def _clause_part(text: str, *, before: bool) -> str:
    """Return what of a text belongs to the clause behind it, or before it."""
    parts = re.split(r"[，；。,;]", text)
    return parts[-1] if before else parts[0]


def _denies_alike(text: str, quoted: str) -> bool:
    """Tell whether each written clause denies just where the source's clause with most of its words does."""
    sources = [(clause, _term_set(clause)) for clause in _CLAUSES.split(quoted) if clause and clause.strip()]
    for clause in _CLAUSES.split(text):
        own = _term_set(clause) if clause else set()
        shared = [len(own & terms) for _clause, terms in sources]
        if not own or not shared or max(shared) == 0:
            if clause and is_negated(clause) and not is_negated(quoted):
                return False
            continue
        nearest = [source for (source, _terms_), count in zip(sources, shared, strict=True) if count == max(shared)]
        if not any(is_negated(clause) == is_negated(source) for source in nearest):
            return False
    return True


def _term_set(text: str) -> set[str]:
    return {term for _kind, term in _content(text)}


def _content(text: str) -> list[tuple[str, str]]:
    """Return the words of a text that carry meaning, and its numbers, in order."""
    return [
        (kind, term)
        for kind, term in words(text)
        if kind == "number" or term not in stop_terms("zh" if kind == "zh" else "en")
    ]


def _numbers_keep_company(written: list[tuple[str, str]], source: list[tuple[str, str]]) -> bool:
    """Tell whether each written number is used no more often than in the source, and as it is there.

    A word beside it that the source has too must be beside it there: "the maximum is 50" is not borne out by
    "minimum 50, maximum 260", nor "0.1% of 50 yuan" by "0.1% of the amount, minimum 50 yuan".
    """
    numbers = Counter(term for kind, term in written if kind == "number")
    if numbers - Counter(term for kind, term in source if kind == "number"):
        return False
    known = {term for _kind, term in source}
    for at, (kind, _number) in enumerate(written):
        if kind != "number":
            continue
        if not _keeps_company(written, at, source, known):
            return False
    return True


def _keeps_company(
    written: list[tuple[str, str]], at: int, source: list[tuple[str, str]], known: AbstractSet[str]
) -> bool:
    """Tell whether the number at a place has beside it those of the `known` words that it has in the source."""
    before = known & _terms(written, at - _BESIDE, at)
    after = known & _terms(written, at + 1, at + 1 + _BESIDE)
    return any(
        before <= _terms(source, place - _NEAR, place) and after <= _terms(source, place + 1, place + 1 + _NEAR)
        for place, entry in enumerate(source)
        if entry == written[at]
    )


def _terms(content: list[tuple[str, str]], start: int, end: int) -> set[str]:
    return {term for _kind, term in content[max(0, start) : end]}
