"""Whether a sentence denies: alike for the check of written sentences and for sources that contradict each other."""

import re

_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nor|neither|without|cannot|refuse[sd]?)\b|n['’]t\b|不|没|无|未|非|禁止|严禁", re.IGNORECASE
)
# Words that hold a negating character and deny nothing: limits, and names of things.
_AFFIRMING = re.compile(
    r"不(?:超过|少于|低于|高于|大于|小于|足|满|得少于|得超过|得低于|动产|良|同|限|论|仅|但)|非常|无论|未来|并非不"
    r"|\bno (?:more|less|later|fewer|longer) than\b|\bnot (?:more|less|later|only|exceed\w*)\b|\bnumber no\b",
    re.IGNORECASE,
)


def is_negated(text: str) -> bool:
    """Tell whether a sentence denies something; a limit such as 不超过 or "no more than" denies nothing."""
    return _NEGATION.search(_AFFIRMING.sub(" ", text)) is not None
