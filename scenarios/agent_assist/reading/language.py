"""Which language a turn is in, also where a caller mixes two."""

import re

from ..models import Language

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_LONGEST = 4000  # characters; what follows does not change it


def language_of(text: str, default: Language = "zh") -> Language:
    """Return the language that most of `text` is in; digits and signs count for neither, and with no words `default`.

    A Chinese word has about two characters, so a word in Latin script weighs as much as two of them. Names of cards
    and products that are Latin in both languages (ATM, VISA, U盾) weigh little: one in capitals counts as one.
    """
    head = text[:_LONGEST]
    han = len(_HAN.findall(head))
    latin = sum(1 if word.isupper() and len(word) > 1 else 2 for word in _WORD.findall(head))
    if han == latin == 0:
        return default
    return "zh" if han >= latin else "en"
