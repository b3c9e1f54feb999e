import pytest

from scenarios.agent_assist.models import Emotion
from scenarios.agent_assist.reading.mood import mood_of


def _turns(*scores):
    labels = {True: "satisfied", False: "angry"}
    return [Emotion(label="calm" if not score else labels[score > 0], score=score) for score in scores]


def test_a_call_without_a_turn_is_calm():
    assert mood_of([]).model_dump() == {"score": 0.0, "trend": "steady"}


@pytest.mark.parametrize(
    ("scores", "trend"),
    [
        ((0, 0, 0, -0.6, -0.8, -0.9), "worse"),
        ((-0.9, -0.8, -0.6, 0, 0.5, 0.8), "better"),
        ((-0.5, -0.5, -0.5, -0.5, -0.5, -0.5), "steady"),
        ((0, 0, 0, 0, 0, -0.9), "steady"),
        ((0, 0, 0, 0, -0.9, 0), "steady"),
        ((-0.7, -0.8, -0.9), "worse"),
        ((0, -0.9), "steady"),
    ],
)
def test_the_trend_takes_more_than_one_odd_turn(scores, trend):
    assert mood_of(_turns(*scores)).trend == trend


def test_the_latest_turns_weigh_most_and_plain_ones_little():
    upset = mood_of(_turns(-0.9))
    assert mood_of(_turns(-0.9, 0.9)).score > 0 > upset.score
    assert mood_of(_turns(-0.9, 0, 0)).score == pytest.approx(upset.score * 0.88**2, abs=0.01)
    assert mood_of(_turns(0.9, -0.9)).score < mood_of(_turns(-0.9, 0.9)).score
