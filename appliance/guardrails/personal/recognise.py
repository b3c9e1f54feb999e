"""All recognisers over one text. Rules on numbers look only at the stretches that hold enough digits."""

import re
from collections.abc import Collection, Iterator

from appliance.guardrails.personal import address_chinese, address_english, person_chinese, person_english
from appliance.guardrails.personal.birth_dates import BIRTH_DATES
from appliance.guardrails.personal.cards import CARDS
from appliance.guardrails.personal.documents import DOCUMENTS
from appliance.guardrails.personal.echoes import echoes
from appliance.guardrails.personal.folding import fold
from appliance.guardrails.personal.kinds import KINDS, Kind
from appliance.guardrails.personal.network import NETWORK
from appliance.guardrails.personal.phones import PHONES
from appliance.guardrails.personal.recogniser import Recogniser
from appliance.guardrails.personal.spans import Span

RECOGNISERS: tuple[Recogniser, ...] = (*DOCUMENTS, *CARDS, *PHONES, *NETWORK, *BIRTH_DATES)
# A stretch of digits, letters and what people put between them, with at least five digits close together, and the few
# characters behind it in which a unit may stand. Letters and a province's character may stand before the first digit.
_STRETCH = re.compile(r"\d[0-9A-Za-z+() .\-/:·•,_@转]*(?=(?P<tail>\D{0,8}))")
_ENOUGH = re.compile(r"\d(?:[^\d\n]{0,3}\d){4}|\d\.\d+\.\d+\.\d")
_LEAD = 6  # characters before the first digit


def _by_number(text: str, recognisers: list[Recogniser]) -> Iterator[Span]:
    for stretch in _STRETCH.finditer(text):
        if not _ENOUGH.search(text, stretch.start(), stretch.end()):
            continue
        start = max(0, stretch.start() - _LEAD)
        for recogniser in recognisers:
            yield from recogniser.find(text, start, stretch.end("tail"))


def recognise(text: str, kinds: Collection[Kind] = KINDS) -> list[Span]:
    """Return all places of `text` that may hold personal data of `kinds`; they may overlap (see `spans.settle`)."""
    folded = fold(text)
    plain, small = folded.text, folded.text.lower()
    spans: list[Span] = []
    wanted = [recogniser for recogniser in RECOGNISERS if recogniser.kind in kinds]
    spans += _by_number(plain, [recogniser for recogniser in wanted if not recogniser.needs])
    for recogniser in wanted:
        if any(word in small for word in recogniser.needs):
            spans += recogniser.find(plain, 0, len(plain))
    if "address" in kinds:
        spans += [*address_chinese.find(plain), *address_english.find(plain)]
    if "person" in kinds:
        names = [*person_chinese.find(plain), *person_english.find(plain)]
        spans += [*names, *echoes(plain, names)]
    return [Span(span.kind, *folded.original(span.start, span.end), span.score) for span in spans]
