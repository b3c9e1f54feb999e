"""A name that a text states once is known in the rest of it, also its parts in Latin script."""

import re
from collections.abc import Iterable, Iterator

from appliance.guardrails.personal.english_words import COMMON, PLACES
from appliance.guardrails.personal.person_english import is_name
from appliance.guardrails.personal.spans import Span

_SURE, _ECHO = 0.75, 0.7
_LATIN = re.compile(r"[^\W\d_\u3400-\u9fff]")
_LEAST_PART = 3  # letters


def _parts(name: str) -> Iterator[str]:
    yield name
    if not re.search("[\u4e00-\u9fff]", name):
        words = name.split(" ")
        yield from (word for word in (words[0], words[-1]) if len(word) >= _LEAST_PART and is_name(word))


def echoes(text: str, names: Iterable[Span]) -> Iterator[Span]:
    """Yield the other places of `text` where a name stands of which a span of `names` is sure."""
    known = {part for span in names if span.score >= _SURE for part in _parts(text[span.start : span.end])}
    known = {part for part in known if part.lower() not in COMMON and part.lower() not in PLACES}
    if not known:
        return
    lengths = sorted({len(name) for name in known}, reverse=True)
    initials = re.compile(f"(?<![A-Za-z])[{re.escape(''.join({name[0] for name in known}))}]")
    for match in initials.finditer(text):
        for length in lengths:
            end = match.start() + length
            if text[match.start() : end] in known and not _LATIN.match(text, end):
                yield Span("person", match.start(), end, _ECHO)
                break
