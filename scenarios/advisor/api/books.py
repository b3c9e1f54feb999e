"""Which YAML files the pack reads, and what reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from appliance.scenario.shelf import Book, Load

from ..settings import Settings


def _settings() -> Load:
    return Settings.load


def _rules() -> Load:
    from ..suitability.loading import RuleBook

    return RuleBook.load


def _questionnaire() -> Load:
    from ..suitability.questionnaire import Questionnaire

    return Questionnaire.load


def _funds() -> Load:
    from ..funds.texts import FundTexts

    return FundTexts.load


def _limits() -> Load:
    from ..allocation.book import LimitBook

    return LimitBook.load


def _stress() -> Load:
    from ..accounts.stress import StressBook

    return StressBook.load


def _words() -> Load:
    from ..conversation.vocabulary import Words

    return Words.load


PACK: Final = Path(__file__).resolve().parents[1]
BOOKS: Final[Mapping[str, Book]] = {
    "settings": Book("settings.yaml", "settings.yaml", _settings),
    "rules": Book("suitability/rules.yaml", "suitability.yaml", _rules),
    "questionnaire": Book("suitability/questionnaire.yaml", "questionnaire.yaml", _questionnaire),
    "funds": Book("funds/texts.yaml", "funds.yaml", _funds),
    "limits": Book("allocation/limits.yaml", "limits.yaml", _limits),
    "words": Book("conversation/words.yaml", "words.yaml", _words),
    "stress": Book("accounts/stress.yaml", "stress.yaml", _stress),
}
"""By name; the bank's own lie in HOME/advisor/."""
