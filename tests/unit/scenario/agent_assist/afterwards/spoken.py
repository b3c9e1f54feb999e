"""Calls for these tests: `call("S 您好", "C 我的卡丢了")` gives turns t1 and t2 with their slots."""

from datetime import date
from pathlib import Path

from scenarios.agent_assist.models import Analysis, Intent, Turn
from scenarios.agent_assist.reading.language import language_of
from scenarios.agent_assist.reading.slots import read_slots
from scenarios.agent_assist.reading.vocabulary import Vocabulary

PACK = Path(__file__).resolve().parents[5] / "scenarios" / "agent_assist"
SHIPPED = PACK / "afterwards"
WEDNESDAY = date(2026, 3, 4)
VOCABULARY = Vocabulary.load(PACK / "reading" / "vocabulary.yaml", None)


def heard(number, speaker, text, intent=None):
    turn = Turn(id=f"t{number}", revision=1, speaker=speaker, text=text, start_s=4.0 * number, end_s=4.0 * number + 3)
    known = Intent(name=intent, title=intent, confidence=0.9) if intent else None
    slots = read_slots(text, WEDNESDAY, VOCABULARY)
    return turn, Analysis(language=language_of(text), intent=known, slots=slots)


def call(*rows, intents=()):
    """Rows begin with S or C; `intents` are by turn id."""
    intents = dict(intents)
    return [
        heard(number, "seat" if row[0] == "S" else "customer", row[2:], intents.get(f"t{number}"))
        for number, row in enumerate(rows, start=1)
    ]
