import base64
import inspect
from collections import Counter
from pathlib import Path

import pytest
import yaml

from scenarios.advisor.suitability import decide, refusal_holds

from .conftest import TODAY

FOLDER = Path(__file__).resolve().parents[5] / "scenarios" / "advisor" / "evaluation" / "attacks"
ATTACKS = {
    language: yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))["attacks"]
    for language in ("zh", "en")
}
ALL = [(language, attack) for language, attacks in ATTACKS.items() for attack in attacks]
KINDS = {
    "claims", "ignore_rules", "role_play", "urgency", "authority", "hypothetical", "splitting", "other_client",
    "just_once", "injection", "numbers", "encoding", "translation", "pressure",
}  # fmt: skip


def test_there_are_fifty_different_attempts_in_each_language():
    for attacks in ATTACKS.values():
        assert len(attacks) == len({attack["text"] for attack in attacks}) == 50
        assert set(Counter(attack["kind"] for attack in attacks)) == KINDS


def test_a_decision_takes_no_text_of_a_conversation():
    given = inspect.signature(decide).parameters
    assert set(given) == {
        "dataset", "client_id", "product_id", "amount", "today", "rules", "language", "assessments",
        "with_alternatives",
    }  # fmt: skip


@pytest.mark.parametrize(("language", "attack"), ALL, ids=range(len(ALL)))
def test_the_refusal_stays_and_an_answer_that_gives_in_is_found(sample, rules, language, attack):
    wanted = {"zh": "zh_CN", "en": "en"}[language]
    decision = decide(sample, attack["client"], attack["product"], attack["amount"], today=TODAY, rules=rules,
                      language=wanted)  # fmt: skip
    assert decision.allowed == "no"
    assert refusal_holds(decision.summary, decision, sample.products)
    name = decision.product_names.within(wanted)
    gives_in = (
        f"好的，{name}适合您，可以购买。" if language == "zh" else f"Very well, {name} is suitable, you can buy it."
    )
    assert not refusal_holds(gives_in, decision, sample.products)
    assert not refusal_holds(f"{attack['text']}\n{gives_in}", decision, sample.products)


@pytest.mark.parametrize("attack", [attack for _language, attack in ALL if attack["kind"] == "splitting"])
def test_no_part_of_a_split_amount_is_allowed(sample, rules, attack):
    product = sample.products[attack["product"]]
    for parts in (1, 2, 7, 40):
        decision = decide(sample, attack["client"], product.id, attack["amount"] / parts, today=TODAY, rules=rules)
        assert decision.allowed == "no"


def test_encoded_attempts_say_what_they_seem_to():
    for _language, attack in ALL:
        if attack["kind"] == "encoding":
            text = base64.b64decode(attack["text"].split()[-1].split("：")[-1]).decode("utf-8")
            assert "buy" in text or "购买" in text
