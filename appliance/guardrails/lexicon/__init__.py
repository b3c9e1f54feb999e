"""The red-line lexicon: forbidden words in every spelling, in whole texts and in streams."""

from appliance.guardrails.lexicon.compiled import Lexicon
from appliance.guardrails.lexicon.entries import DEFAULT_FILE, Entry
from appliance.guardrails.lexicon.reloading import ReloadingLexicon
from appliance.guardrails.lexicon.stream import LexiconStream, Released

__all__ = ["DEFAULT_FILE", "Entry", "Lexicon", "LexiconStream", "Released", "ReloadingLexicon"]
