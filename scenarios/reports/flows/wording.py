"""Texts of this part that stand in reports."""

from pathlib import Path
from typing import Final

from appliance.scenario.yaml_files import read_words

_WORDS: Final = Path(__file__).with_name("words.yaml")


def say(text: str, language: str, /, **values: str) -> str:
    """Return a text of words.yaml with its values."""
    return read_words(_WORDS)[text].within(language).format(**values)
