"""The unified social credit code (统一社会信用代码, GB 32100): found in texts and checked."""

import re
import unicodedata
from typing import Final

from appliance.labels.provider import credit_check_character

_ALPHABET: Final = "0-9A-HJ-NP-RTUWXY"
_CODE: Final = re.compile(rf"(?<![0-9A-Z])[{_ALPHABET}]{{2}}\d{{6}}[{_ALPHABET}]{{10}}(?![0-9A-Z])")


def is_credit_code(text: str) -> bool:
    """Say whether a text is a code whose check character is right."""
    return _CODE.fullmatch(text) is not None and credit_check_character(text[:-1]) == text[-1]


def credit_codes(text: str) -> list[str]:
    """Return the valid codes of a text, each once, in their order."""
    found = _CODE.findall(unicodedata.normalize("NFKC", text).upper())
    return [code for code in dict.fromkeys(found) if is_credit_code(code)]
