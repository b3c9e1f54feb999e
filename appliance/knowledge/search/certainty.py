"""How sure the best sentence of a ranking is: log-odds from its signals and its lead over the others."""

from collections.abc import Mapping, Sequence

from appliance.knowledge.search.weighing import Scored

_FARTHEST = 4.0  # a lead beyond which it makes no difference
_LEAD_OF_ONE = 2.0  # where there is nothing else to be ahead of

# Fitted by `python -m appliance.knowledge.evaluation.calibrate`, like those of `weighing`.
CERTAINTY: dict[str, float] = {
    "likeness": 0.295,
    "lead": 0.367,
    "coverage": 2.31,
    "own_coverage": 0.842,
    "other_language": 0.648,
    "kind_fits": 1.646,
    "range_fits": 1.628,
    "thin": -4.175,
    "unknown": -1.046,
    "missing_parts": 0.256,
    "any_kind": -1.034,
    "overlap": -0.078,
    "lacking": -2.61,
    "ahead_of_passages": 0.672,
    "ahead_of_documents": -0.135,
    "bias": -5.491,
}


def measures(ranked: Sequence[Scored]) -> dict[str, float]:
    """Return what tells whether the first of a ranking is right: its signals and leads."""
    best = ranked[0]
    other_passages = (one.score for one in ranked if one.passage.id != best.passage.id)
    other_documents = (one.score for one in ranked if one.passage.document != best.passage.document)
    return {
        **vars(best.signals),
        "ahead_of_passages": min(best.score - next(other_passages, best.score - _LEAD_OF_ONE), _FARTHEST),
        "ahead_of_documents": min(best.score - next(other_documents, best.score - _LEAD_OF_ONE), _FARTHEST),
    }


def log_odds(ranked: Sequence[Scored]) -> float:
    """Return the log-odds that the first of a ranking, best first, answers the question."""
    return _weighed(measures(ranked))


def _weighed(known: Mapping[str, float]) -> float:
    return CERTAINTY["bias"] + sum(weight * known[name] for name, weight in CERTAINTY.items() if name != "bias")
