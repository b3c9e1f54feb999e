"""The bank's own terms: of each glossary entry the first spelling in a language is the one to write."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appliance.knowledge.language.terms import fold
from appliance.knowledge.language.text import Language


@dataclass(frozen=True)
class Term:
    """One entry of a glossary as written: the preferred spelling of each language first."""

    chinese: tuple[str, ...]
    english: tuple[str, ...]

    def spellings(self, language: Language) -> tuple[str, ...]:
        """Return the spellings in a language."""
        return self.chinese if language == "zh" else self.english

    def occurs_in(self, text: str) -> bool:
        """Tell whether any spelling stands in a text."""
        return any(_has(text, word) for word in (*self.chinese, *self.english))


def read_terms(glossary: str) -> list[Term]:
    """Read lines of `中文,别名|english,other`; lines that are no entry are passed over."""
    found = []
    for line in glossary.splitlines():
        chinese, _bar, english = line.partition("|")
        if chinese.strip() and english.strip():
            found.append(Term(_split(chinese), _split(english)))
    return found


def occurring(terms: Iterable[Term], texts: Sequence[str]) -> list[Term]:
    """Return the terms of which a spelling stands in one of the texts."""
    return [term for term in terms if any(term.occurs_in(text) for text in texts)]


def rejected_in(text: str, terms: Iterable[Term], language: Language, sources: Sequence[str]) -> str | None:
    """Return a spelling that `text` uses in place of the preferred one, or None.

    A spelling that stands in the sources themselves may be repeated: there it is a quotation, no translation.
    """
    for term in terms:
        preferred, *others = term.spellings(language)
        rest = _pattern(preferred).sub(" ", fold(text))
        for word in others:
            if _has(rest, word) and not any(_has(source, word) for source in sources):
                return word
    return None


def _split(side: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in re.split("[,，]", side) if word.strip())


def _pattern(word: str) -> re.Pattern[str]:
    folded = re.escape(fold(word))
    return re.compile(rf"\b{folded}(?:s|es)?\b" if word.isascii() else folded)


def _has(text: str, word: str) -> bool:
    return _pattern(word).search(fold(text)) is not None
