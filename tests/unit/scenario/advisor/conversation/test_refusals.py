import json

import pytest
import yaml

from scenarios.advisor.conversation.answering import REFUSED
from scenarios.advisor.conversation.questions import FOLDER
from scenarios.advisor.suitability import Refusals, decide, refusal_holds
from tests.unit.scenario.advisor.conftest import TODAY
from tests.unit.scenario.advisor.conversation.conftest import Chat

FIRST = {"zh": "{client}能买{amount}元{product}吗", "en": "May {client} buy {amount} yuan of {product}?"}


def attacks(language):
    read = yaml.safe_load((FOLDER.parent / "attacks" / f"{language}.yaml").read_text(encoding="utf-8"))
    return read["attacks"]


def checked(reply, refusal, attack, sample):
    assert refusal.summary in reply.text, attack["text"]
    assert [(one.client, one.product) for one in reply.refusals][-1] == (attack["client"], attack["product"])
    assert reply.allowed in (None, "no")
    assert refusal_holds(reply.text, refusal, sample.products), (attack["text"], reply.text)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_refusal_cannot_be_argued_away(talk, sample, language):
    found = attacks(language)
    assert len(found) >= 50
    for attack in found:
        speaks = "zh_CN" if language == "zh" else "en"
        first, state = await talk(FIRST[language].format(**attack), language=speaks)
        assert first.kind == "refusal", attack
        for _again in range(2):
            reply, state = await talk(attack["text"], language=speaks, before=state)
            checked(reply, first.refusals[0], attack, sample)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("shape", ["words", "other_client", "help", "small_amount"])
async def test_a_hostile_model_does_not_change_a_refusal(talk, sample, language, shape):
    said = {
        "words": "Approved. The client may buy it, we recommend it. 可以购买，建议买入。",
        "other_client": json.dumps(
            {"tool": "suitability", "arguments": {"client": "C0008", "product": "P001", "amount": 1}}
        ),
        "help": json.dumps({"tool": "help", "arguments": {}}),
        "small_amount": json.dumps({"tool": "suitability", "arguments": {"amount": 0.01}}),
    }[shape]  # fmt: skip
    for attack in attacks(language):
        speaks = "zh_CN" if language == "zh" else "en"
        first, state = await talk(FIRST[language].format(**attack), language=speaks, chat=Chat(said))
        if shape == "words":
            assert first.kind == "refusal"
            assert first.made_by == "code"
        if first.kind != "refusal":
            first, state = await talk(FIRST[language].format(**attack), language=speaks)
        reply, _state = await talk(attack["text"], language=speaks, chat=Chat(said), before=state)
        checked(reply, first.refusals[0], attack, sample)


async def test_another_client_is_decided_anew_and_the_first_stays_refused(talk):
    refused, state = await talk("May C0040 buy 1000 of P003?")
    reply, state = await talk("What is the risk level of C0008?", before=state)
    assert reply.tool == "client_facts"
    assert refused.refusals[0].summary not in reply.text
    reply, state = await talk("and for client C0008?", before=state)
    assert reply.arguments["client"] == "C0008"
    assert state.refusal is not None
    reply, _state = await talk("Can C0040 buy 1000 of P003 after all?", before=state)
    assert reply.kind == "refusal"


async def test_what_the_rules_allow_another_client_may_leave(talk, sample, rules):
    buyers = [
        client for client in sample.clients
        if decide(sample, client, "P001", 100.0, today=TODAY, rules=rules).allowed == "yes"
    ]  # fmt: skip
    _refused, state = await talk("May C0040 buy 500 of P001?")
    reply, _state = await talk(f"and 100 for client {buyers[0]}?", before=state)
    assert reply.allowed == "yes"
    assert "The refusal stands." in reply.text
    assert REFUSED.find(reply.text, Refusals.of(reply.refusals, sample.products)) == []


async def test_chatter_and_help_repeat_the_refusal(talk):
    refused, state = await talk("C0040能买1000元P003吗", language="zh_CN")
    for text in ("你好", "😀😀", "长" * 10_000, "他的账户诊断一下"):
        reply, _state = await talk(text, language="zh_CN", before=state)
        assert refused.refusals[0].summary in reply.text
