"""Hybrid search: full text and vectors, fused by rank, then each sentence weighed against the question."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.core.protocols import Vectors
from appliance.knowledge.asking.questions import Question
from appliance.knowledge.search.certainty import log_odds
from appliance.knowledge.search.scope import EVERYTHING, Scope
from appliance.knowledge.search.stored import StoredPassage
from appliance.knowledge.search.vectors import Place
from appliance.knowledge.search.weighing import Scored, Signals, Weigher

if TYPE_CHECKING:  # whoever only reads answers needs no LanceDB
    from appliance.knowledge.search.index import BaseIndex

__all__ = ["Scored", "Signals", "fuse", "rank_sentences", "retrieve"]

_DEPTH = 32  # candidates that each of the two searches gives
_RRF = 60.0  # the usual constant of reciprocal rank fusion
_RESCORED = 20  # passages whose sentences are weighed
_LEAD_OF_ONE = 1.0  # deviations that the best of other passages usually reaches, where a base has no other


def fuse(lists: Sequence[Sequence[Place]]) -> list[Place]:
    """Return the places of several ranked lists by reciprocal rank fusion, best first."""
    scores: dict[str, float] = {}
    places: dict[str, Place] = {}
    for found in lists:
        for rank, place in enumerate(found, start=1):
            places[place.id] = place
            scores[place.id] = scores.get(place.id, 0.0) + 1 / (_RRF + rank)
    return [places[key] for key in sorted(scores, key=lambda key: -scores[key])]


def retrieve(
    index: "BaseIndex", question: Question, vector: Vectors, limit: int, scope: Scope = EVERYTHING
) -> list[StoredPassage]:
    """Return the passages for a question, best first; each language is searched on its own, so none crowds one out."""
    lists = index.by_vector(vector, _DEPTH, scope)
    words = index.by_terms(question.search_terms(), _DEPTH, scope)
    return index.read(fuse([*lists, words])[:limit])


def rank_sentences(index: "BaseIndex", question: Question, vector: Vectors, scope: Scope = EVERYTHING) -> list[Scored]:
    """Return the sentences within a scope that may answer, best first."""
    weigher = Weigher(index, question, vector)
    passages = retrieve(index, question, vector, _RESCORED, scope)
    found = [scored for passage in passages for scored in weigher.weigh(passage)]
    return _with_odds(sorted(_with_lead(found), key=lambda scored: -scored.score))


def _with_lead(found: Sequence[Scored]) -> list[Scored]:
    """Fill in the signal `lead`, which needs all sentences."""
    best: dict[str, dict[str, float]] = {}
    for scored in found:
        passages = best.setdefault(scored.passage.language, {})
        passages[scored.passage.id] = max(passages.get(scored.passage.id, -9.0), scored.signals.likeness)
    completed = []
    for scored in found:
        others = [value for key, value in best[scored.passage.language].items() if key != scored.passage.id]
        ahead = scored.signals.likeness - max(others, default=_LEAD_OF_ONE)
        completed.append(replace(scored, signals=replace(scored.signals, lead=min(max(ahead, -1.0), 2.0))))
    return completed


def _with_odds(ranked: Sequence[Scored]) -> list[Scored]:
    """Move all scores alike, so that the best is the log-odds that it is right."""
    if not ranked:
        return []
    shift = log_odds(ranked) - ranked[0].score
    return [replace(scored, shift=shift) for scored in ranked]
