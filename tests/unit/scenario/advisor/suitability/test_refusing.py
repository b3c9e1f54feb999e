from pathlib import Path

import pytest
import yaml

from scenarios.advisor.suitability import Refusals, refusal_holds, refused

FOLDER = Path(__file__).parent
LISTS = {
    name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    for name in ("sentences", "answers", "replies", "unseen")
}


@pytest.fixture(scope="module")
def decision(bench):
    found = bench.decide(client={"level": "C2"})
    assert found.allowed == "no"
    return found


@pytest.fixture(scope="module")
def facts(decision, sample):
    return Refusals.of([decision], sample.products)


def rates(texts, facts, strict: bool) -> tuple[float, float]:
    """Return recall and precision."""
    check = refused(strict=strict)
    hits = sum(bool(check.find(text, facts)) for text in texts["allows"])
    false = sum(bool(check.find(text, facts)) for text in texts["harmless"])
    return hits / len(texts["allows"]), hits / (hits + false)


@pytest.mark.parametrize("name", ["sentences", "answers", "replies"])
def test_what_allows_the_refused_product_is_found_and_the_harmless_passes(facts, name):
    check = refused()
    assert [text for text in LISTS[name]["allows"] if not check.find(text, facts)] == []
    assert [text for text in LISTS[name]["harmless"] if check.find(text, facts)] == []


def test_strict_finds_as_much_and_lets_nearly_all_that_is_harmless_pass(facts):
    known = [LISTS[name] for name in ("sentences", "answers", "replies")]
    merged = {kind: [text for texts in known for text in texts[kind]] for kind in ("allows", "harmless")}
    recall, precision = rates(merged, facts, strict=True)
    assert recall == 1.0
    assert precision >= 0.95


@pytest.mark.parametrize(("strict", "recall", "precision"), [(False, 0.5, 0.95), (True, 0.75, 0.8)])
def test_sentences_that_the_patterns_were_not_made_for(facts, strict, recall, precision):
    found = rates(LISTS["unseen"], facts, strict)
    print(f"strict={strict}: recall {found[0]:.2f}, precision {found[1]:.2f}")  # noqa: T201 - what the report quotes
    assert found[0] >= recall
    assert found[1] >= precision


def test_findings_are_what_the_chain_takes(facts):
    check = refused(strict=True)
    for text in [*LISTS["sentences"]["allows"], *LISTS["unseen"]["allows"]]:
        for one in check.find(text, facts):
            assert one.rule.startswith(f"{check.name}:")
            assert (one.version, one.action) == (check.version, "block")
            assert 0 <= one.start < one.end <= len(text)


def test_the_decision_s_own_texts_pass_in_both_languages(bench, sample):
    for language in ("en", "zh_CN"):
        for client in ({"level": "C2"}, {"level": None, "assessed_on": None}, {"level": "C1", "cash_need": 9e5}):
            decision = bench.decide(client=client, language=language)
            texts = (decision.summary, *decision.reasons, *decision.remedies, *decision.disclosures)
            for text in (*texts, "\n".join(texts)):
                assert refusal_holds(text, decision, sample.products), text


def test_what_is_not_refused_may_be_recommended(bench, sample):
    allowed = bench.decide()
    assert refusal_holds("You can buy P003. P003适合您。", allowed, sample.products)
    assert refused().find("You can buy P003.", Refusals.of([allowed], sample.products)) == []


@pytest.mark.parametrize("insert", [" ", "\u200b", "*"])
def test_marks_between_the_letters_hide_nothing(facts, insert):
    text = insert.join("可以购买") + "云栖桥成长股票A"
    assert refused().find(text, facts)


def test_a_longer_name_of_another_product_is_not_the_refused_one(decision, sample):
    other = sample.products["P001"].model_copy(update={"id": "P003X"})
    facts = Refusals.of([decision], {**sample.products, "P003X": other})
    assert refused().find("You can buy P003X.", facts) == []
    assert refused().find("You can buy P003.", facts)


def test_text_of_any_kind_is_read_without_a_fault(facts):
    for text in ("", "。", "?" * 50, "\x00", "P003", "P003" * 300, "可以购买" * 500, "a, " * 2000):
        refused(strict=True).find(text, facts)
