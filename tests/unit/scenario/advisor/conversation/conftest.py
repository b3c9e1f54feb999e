"""Conversations over the sample bank; only the chat model is stood in for."""

import pytest

from appliance.core.protocols import ChatResult
from scenarios.advisor.conversation.running import Desk
from scenarios.advisor.conversation.state import State
from scenarios.advisor.conversation.talking import Conversation
from scenarios.advisor.suitability import RuleBook
from tests.unit.scenario.advisor.conftest import TODAY


class Chat:
    """Writes the texts it was given, one a call, the last one again and again."""

    def __init__(self, *texts):
        self.texts = list(texts)
        self.asked = []

    async def chat(self, messages, *, max_tokens, temperature=0.0):
        self.asked.append(messages)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        return ChatResult(text, 1, 1, "stop")

    async def stream(self, messages, *, max_tokens, temperature=0.0):
        yield (await self.chat(messages, max_tokens=max_tokens)).text


@pytest.fixture(scope="session")
def rules():
    return RuleBook.load()


@pytest.fixture(scope="session")
def desk(sample, rules):
    return Desk(sample, TODAY, rules, charts=False)


@pytest.fixture
def talk(sample, rules, desk):
    """`await talk(*turns)` gives the last reply and the state; `chat` is a model, `before` a state to begin with."""

    async def run(*turns, language="en", chat=None, before=None):
        conversation = Conversation(sample, rules, desk, TODAY, language, chat)
        state, reply = before or State(), None
        for turn in turns:
            reply, state = await conversation.step(turn, state)
            state = State.model_validate_json(state.model_dump_json())  # as it is kept between turns
        return reply, state

    return run
