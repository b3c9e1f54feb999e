"""How sure the best sentence of a ranking is: log-odds from its signals and its lead over the others."""

from collections.abc import Mapping, Sequence

from appliance.knowledge.weighing import Scored

_FARTHEST = 4.0  # a lead beyond which it makes no difference
_LEAD_OF_ONE = 2.0  # where there is nothing else to be ahead of

# Fitted by `python -m appliance.knowledge.calibrate`, like those of `weighing`.
CERTAINTY: dict[str, float] = {
    "likeness": 0.345,
    "lead": 0.703,
    "coverage": 0.939,
    "own_coverage": 2.029,
    "other_language": 0.715,
    "kind_fits": 2.095,
    "range_fits": 1.752,
    "thin": -4.291,
    "unknown": -2.093,
    "missing_parts": -0.795,
    "any_kind": -0.405,
    "overlap": 1.008,
    "ahead_of_passages": 0.521,
    "ahead_of_documents": 0.013,
    "bias": -7.447,
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
