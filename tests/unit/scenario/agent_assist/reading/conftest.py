from datetime import date

import pytest

from scenarios.agent_assist.reading.slots import read_slots
from scenarios.agent_assist.reading.vocabulary import Vocabulary

FRIDAY = date(2026, 11, 27)


@pytest.fixture(scope="session")
def vocabulary():
    return Vocabulary.load()


@pytest.fixture
def read(vocabulary):
    """Read a turn on Friday, 27 November 2026."""
    return lambda text, language=None: read_slots(text, FRIDAY, vocabulary, language)


@pytest.fixture
def values(read):
    """Return the values of one slot's name in a turn."""
    return lambda text, name: [slot.value for slot in read(text) if slot.name == name]
