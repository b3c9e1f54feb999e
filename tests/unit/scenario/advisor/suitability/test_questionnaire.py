from datetime import date

import pytest
import yaml

from appliance.core.errors import ConfigError, InvalidRequest
from scenarios.advisor.suitability import QUESTIONS, Questionnaire, notify_changes

TODAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def questions() -> Questionnaire:
    return Questionnaire.load()


def answers(questions, at: int) -> dict[str, str]:
    return {one.name: one.options[min(at, len(one.options) - 1)].name for one in questions.questions}


def score(questions, given, **more):
    return questions.score(given, today=TODAY, valid_days=365, **more)


def test_the_sample_has_ten_questions_or_more_and_reaches_every_level(questions):
    assert len(questions.questions) >= 10
    given = answers(questions, 0) | {"largest_loss": "tenth", "depends_on_it": "partly"}
    levels = set()
    for question in questions.questions:
        given[question.name] = max(question.options, key=lambda option: option.points).name
        levels.add(score(questions, given).level)
    assert {"C2", "C3", "C4", "C5"} <= levels


def test_points_give_the_level_at_its_border(questions):
    best = score(questions, answers(questions, 3))
    assert (best.level, best.points, best.valid_until) == ("C5", questions.most_points, date(2027, 11, 2))
    least = questions.levels["C5"]
    for points, level in ((least, "C5"), (least - 1, "C4")):
        changed = questions.model_copy(update={"levels": {**questions.levels, "C5": best.points + least - points}})
        assert score(changed, answers(questions, 3)).level == level


@pytest.mark.parametrize("question", ["largest_loss", "depends_on_it"])
def test_a_knock_out_answer_makes_the_level_c1(questions, question):
    option = next(one.name for one in questions.question(question).options if one.knock_out)
    found = score(questions, answers(questions, 3) | {question: option})
    assert (found.level, found.knocked_out_by) == ("C1", (question,))
    assert found.points > questions.levels["C4"]


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"goal": None}, "answers.goal", "answer_missing"),
        ({"goal": "everything"}, "answers.goal", "answer_unknown"),
        ({"goal": ["keep"]}, "answers.goal", "answer_unknown"),
        ({"gaol": "keep"}, "answers.gaol", "question_unknown"),
    ],
)
def test_a_question_that_is_not_answered_is_named(questions, change, param, code):
    given = {name: option for name, option in (answers(questions, 2) | change).items() if option is not None}
    with pytest.raises(InvalidRequest) as caught:
        score(questions, given)
    assert (caught.value.param, caught.value.code) == (param, code)


def test_contradictions_are_flagged_and_keep_it_from_being_recorded(questions):
    given = answers(questions, 2)
    assert score(questions, given).recordable
    found = score(questions, given | {"experience_years": "never", "experience_products": "derivatives"})
    assert not found.recordable
    assert "never invested" in found.contradictions[0]
    chinese = score(questions, given | {"experience_years": "never", "experience_products": "shares"}, language="zh_CN")
    assert "相互矛盾" in chinese.contradictions[0]


def test_a_better_answer_never_lowers_the_level(questions):
    for at in range(3):
        given = answers(questions, at)
        for question in questions.questions:
            steps = [
                score(questions, given | {question.name: option.name})
                for option in sorted(question.options, key=lambda option: (not option.knock_out, option.points))
            ]
            levels = [one.level for one in steps]
            assert levels == sorted(levels), (question.name, at)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda raw: raw["levels"].update(C3=10), "rising"),
        (lambda raw: raw["levels"].pop("C4"), "C1 to C5"),
        (lambda raw: raw["levels"].update(C5=5000), "more points"),
        (lambda raw: raw["contradictions"][0]["answers"].update(goal=["nothing"]), "unknown question or option"),
        (lambda raw: raw["questions"].append(raw["questions"][0]), "twice"),
        (lambda raw: raw["questions"][0]["text"].pop("zh"), "missing"),
        (lambda raw: raw.update(pionts=1), "no such field"),
    ],
)
def test_a_faulty_own_questionnaire_is_refused(tmp_path, change, part):
    raw = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    change(raw)
    own = tmp_path / "questionnaire.yaml"
    own.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Questionnaire.load(own=own)
    assert part in str(caught.value)


def test_a_changed_rating_is_notified_in_both_languages(rules):
    lower = notify_changes("C4", "C2", who="C0001", day=TODAY, rules=rules)
    assert (lower.about, lower.direction) == ("client", "lower")
    assert "from C4 to C2" in lower.text
    assert "above R2" in lower.text
    higher = notify_changes("R2", "R4", who="P003", day=TODAY, rules=rules, language="zh_CN")
    assert (higher.about, higher.direction) == ("product", "higher")
    assert "由R2调整为R4" in higher.text
    assert notify_changes("R2", "R2", who="P003", day=TODAY, rules=rules) is None
    with pytest.raises(InvalidRequest):
        notify_changes("C2", "R2", who="P003", day=TODAY, rules=rules)
