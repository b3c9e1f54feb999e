"""The sentences of the conversation in both languages, from `texts.yaml`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_words

from ..speaking import Speaking

TEXTS: Final = Path(__file__).with_name("texts.yaml")


def sentences() -> Mapping[str, Words]:
    """Return each sentence by its name."""
    return read_words(TEXTS)


class Speaker(Speaking):
    """Says the sentences of the conversation in one language."""

    def __init__(self, language: str) -> None:
        super().__init__(language, sentences())

    def joined(self, parts: list[str]) -> str:
        """Return parts as one list in a sentence."""
        return ("，" if self.chinese else ", ").join(parts)

    def listed(self, parts: list[str]) -> str:
        """Return different parts, each once, apart from each other."""
        return ("；" if self.chinese else "; ").join(dict.fromkeys(parts))
