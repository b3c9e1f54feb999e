"""How far a text names the concepts of a question."""

from collections.abc import Callable, Sequence

from appliance.knowledge.asking.questions import Concept, Question, own_terms
from appliance.knowledge.language.terms import pairs

_PART_OF_WORD = 0.7
_PREFIX = 5  # letters that two forms of an English word share


class _Sought:
    """One concept, made ready to be looked for."""

    def __init__(self, concept: Concept) -> None:
        self.is_word = concept.kind == "word"
        self.own = concept.own
        self.chinese = concept.chinese
        self.english = tuple(frozenset(phrase) for phrase in concept.english)
        self.parts = tuple(pairs(word) for word in concept.chinese if len(word) > 2)
        lone = (phrase[0] for phrase in concept.english if len(phrase) == 1)
        self.prefixes = frozenset(term[:_PREFIX] for term in lone if len(term) >= _PREFIX)

    def degree(self, folded: str, stems: frozenset[str], prefixes: set[str]) -> float:
        if not self.is_word:
            return 1.0 if self.own in stems else 0.0
        for word in self.chinese:
            if word in folded:
                return 1.0
        for phrase in self.english:
            if phrase <= stems:
                return 1.0
        if not self.prefixes.isdisjoint(prefixes):
            return _PART_OF_WORD
        best = 0.0
        for part in self.parts:
            best = max(best, sum([pair in folded for pair in part]) / len(part))
        return _PART_OF_WORD * best


class Matcher:
    """Looks for the concepts of one question."""

    def __init__(self, concepts: Sequence[Concept]) -> None:
        self._sought = [_Sought(concept) for concept in concepts]

    def degrees(self, folded: str, stems: frozenset[str]) -> list[float]:
        """Return for each concept how far a text (folded, with its stems) names it in any spelling, 0..1."""
        prefixes = {stem[:_PREFIX] for stem in stems if len(stem) >= _PREFIX}
        return [sought.degree(folded, stems, prefixes) for sought in self._sought]


class OwnWords:
    """Looks for the words of one question as they are; `rarity` weighs a term."""

    def __init__(self, question: Question, rarity: Callable[[str], float]) -> None:
        weights = {term: rarity(term) for term in own_terms(question.text)}
        self._chinese = [(term, weight) for term, weight in weights.items() if "\u3400" <= term[0] <= "\u9fff"]
        self._other = [(term, weight) for term, weight in weights.items() if not "\u3400" <= term[0] <= "\u9fff"]
        self._total = sum(weights.values())

    def part_in(self, folded: str, stems: frozenset[str]) -> float:
        """Return the part of the words, 0..1, that a text (folded, with its stems) has."""
        if not self._total:
            return 0.0
        found = sum([weight for term, weight in self._chinese if term in folded])
        return (found + sum([weight for term, weight in self._other if term in stems])) / self._total
