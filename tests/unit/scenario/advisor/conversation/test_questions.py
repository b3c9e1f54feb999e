import pytest

from scenarios.advisor.conversation.questions import FILES, Score, judge, load_questions
from tests.unit.scenario.advisor.conftest import TODAY

FLOOR = 0.95


@pytest.mark.parametrize("name", FILES)
def test_the_rules_keep_their_floor_on_every_file(sample, name):
    score, wrong = Score(), []
    for question in load_questions(name):
        outcome = judge(question, sample, TODAY)
        score = score.with_one(outcome)
        wrong += [] if outcome.both else [(question.id, outcome.got)]
    assert score.both >= FLOOR * score.count, wrong


def test_there_are_150_questions_in_both_languages_and_many_turns():
    by_file = {name: load_questions(name) for name in FILES}
    everything = [question for questions in by_file.values() for question in questions]
    assert len(everything) == len({question.id for question in everything}) == 150
    assert sum(len(by_file[name]) for name in FILES if name.endswith("zh")) == 75
    assert sum(bool(question.before) for question in everything) >= 40
    assert sum(question.expect.asks is not None for question in everything) >= 12


def test_a_wrong_argument_and_a_wrong_question_are_told(sample):
    question = load_questions("develop_en")[0]
    expected = question.expect.model_copy(update={"arguments": {**question.expect.arguments, "amount": 1.0}})
    assert judge(question, sample, TODAY).both
    assert not judge(question.model_copy(update={"expect": expected}), sample, TODAY).arguments
    asking = question.expect.model_copy(update={"asks": "amount"})
    assert not judge(question.model_copy(update={"expect": asking}), sample, TODAY).arguments
