"""The values that a turn names: amounts, dates, long numbers, products, branches and the bank's own."""

from datetime import date

from appliance.guardrails.personal.folding import fold

from ..models import Slot
from .dates_chinese import chinese_dates
from .dates_english import english_dates
from .found import Found, settle
from .language import language_of
from .long_numbers import numbers_in
from .money import amounts_in
from .vocabulary import Vocabulary, small

LONGEST = 20_000  # characters that are read; nobody says more in one turn


def read_slots(text: str, today: date, vocabulary: Vocabulary, language: str | None = None) -> tuple[Slot, ...]:
    """Return the slots of a turn in the order of the text, without overlaps; positions count characters of `text`.

    `today` is the day of the call, from which relative dates count. Notes are in `language` (`en`, `zh_CN`), else in
    that of the turn. Cards, accounts, telephone and identity numbers are masked in value and text.
    """
    # A Chinese comma parts two numbers; folded it would look like the comma within one.
    folded = fold(text[:LONGEST].replace("，", "；"))
    plain = small(folded.text)
    if not plain:
        return ()
    reader = language or ("zh_CN" if language_of(text) == "zh" else "en")
    reader = "zh_CN" if reader.startswith("zh") else "en"
    found: list[Found] = [*vocabulary.find(plain), *chinese_dates(plain, today), *english_dates(plain, today)]
    found += [*numbers_in(folded.text), *amounts_in(plain)]
    slots = []
    for one in settle(found):
        start, end = folded.original(one.start, one.end)
        slots.append(
            Slot(
                name=one.name,
                value=one.value,
                text=text[start:end] if one.shown is None else one.shown,
                start=start,
                end=end,
                valid=one.valid,
                note=None if one.note is None else one.note.render(reader),
            )
        )
    return tuple(slots)
