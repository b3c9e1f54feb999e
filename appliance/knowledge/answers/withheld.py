"""What is left of an answer when some of its citations may not be shown."""

from collections.abc import Iterable, Mapping, Sequence

from appliance.knowledge.answers.answer import joined, refusal
from appliance.knowledge.models import Answer, AnswerSentence, Conflict

_MOST_NEAREST = 3


def citing_only(answer: Answer, kept: Sequence[int], near: Sequence[int]) -> Answer:
    """Return `answer` with the citations at the places `kept` and those of `nearest` at `near`, both in order.

    Sentences, figures and conflicts that rest on others go. Where no sentence is left, the answer is a refusal.
    """
    nearest = tuple(answer.nearest[place] for place in near)
    if not answer.answered:
        return answer.model_copy(update={"nearest": nearest})
    citations = tuple(answer.citations[place] for place in kept)
    places = {old: new for new, old in enumerate(kept)}
    sentences = resting_on(places, answer.sentences)
    if not sentences:
        left = {
            "answered": False,
            "text": refusal(answer.language),
            "short": None,
            "confidence": 0.0,
            "sentences": (),
            "citations": (),
            "calculation": None,
            "conflicts": (),
            "nearest": (*nearest, *citations)[:_MOST_NEAREST],
        }
        return answer.model_copy(update=left)
    said, still = (joined([one.text for one in some]) for some in (answer.sentences, sentences))
    calculation = answer.calculation
    if calculation and not all(one.citation in places for one in calculation.inputs):
        calculation = None
    if calculation:
        inputs = [one.model_copy(update={"citation": places[one.citation]}) for one in calculation.inputs]
        calculation = calculation.model_copy(update={"inputs": inputs})
    first = 0 in places
    left = {
        # A quotation in another language has words before it.
        "text": answer.text.replace(said, still) if said in answer.text else still,
        "short": answer.short if first else None,
        "confidence": answer.confidence if first else min(answer.confidence, citations[0].score),
        "sentences": tuple(sentences),
        "citations": citations,
        "calculation": calculation,
        "conflicts": tuple(conflicts_among(places, answer.conflicts)),
        "nearest": nearest,
    }
    return answer.model_copy(update=left)


def resting_on(places: Mapping[int, int], sentences: Iterable[AnswerSentence]) -> list[AnswerSentence]:
    """Return the sentences all of whose citations are left; `places` has the old place of each and its new one."""
    return [
        sentence.model_copy(update={"citations": [places[place] for place in sentence.citations]})
        for sentence in sentences
        if sentence.citations and places.keys() >= set(sentence.citations)
    ]


def conflicts_among(places: Mapping[int, int], conflicts: Iterable[Conflict]) -> list[Conflict]:
    """Return the conflicts all of whose citations are left; `places` as for `resting_on`."""
    return [
        conflict.model_copy(update={"citations": [places[place] for place in conflict.citations]})
        for conflict in conflicts
        if places.keys() >= set(conflict.citations)
    ]
