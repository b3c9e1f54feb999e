"""Lists by year, such as tax returns: one entry a year and paper, and sorts of values that are kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..models import Reading
from .lists import Entry
from .loading import Apart, ListForm
from .values import Value, read_value

_QUOTE = 600


@dataclass(frozen=True)
class Paper:
    """A paper and its entries of one list."""

    reading: Reading
    day: str
    entries: tuple[Entry, ...]


def yearly(found: Sequence[Entry], reading: Reading, form: ListForm) -> list[Entry]:
    """Return one entry a year: the row that sums it up, or else the sum of its quarters or months."""
    years: dict[str, list[Entry]] = {}
    for entry in found:
        years.setdefault(entry.cells[form.key][0].text, []).append(entry)
    made = []
    for entries in years.values():
        whole = next((entry for entry in entries if entry.total), None)
        made.append(whole or (entries[0] if len(entries) == 1 else _summed(entries, form)))
    if form.apart is not None:
        for entry in made:
            _name_sort(entry, reading, form, form.apart)
    return made


def _summed(entries: Sequence[Entry], form: ListForm) -> Entry:
    whole = Entry()
    for name, column in form.columns.items():
        cells = [entry.cells[name] for entry in entries if name in entry.cells]
        if not cells:
            continue
        value, place = cells[0]
        if column.type == "money" and len(cells) > 1:
            number = round(sum(one.number or 0.0 for one, _place in cells), 2)
            quote = " + ".join(one.quote for _value, one in cells)[:_QUOTE]
            value = replace(value, number=number, text=f"{number:.2f}", sure=min(one.sure for one, _place in cells))
            place = place.model_copy(update={"quote": quote})
        whole.cells[name] = (value, place)
    return whole


def _name_sort(entry: Entry, reading: Reading, form: ListForm, apart: Apart) -> None:
    """Say of what sort the values of an entry are, by the title of its paper where no column does."""
    if apart.name in entry.cells:
        return
    titles = [reading.file.name, *(passage.text[:100] for passage in reading.passages[:3])]
    titles += [line for grid in reading.grids[:2] for line in (grid.sheet or "", *grid.above)]
    text = "\n".join(titles).lower()
    word = next((one for one in apart.words if one.lower() in text), None)
    if word is not None:
        value = read_value("text", word) or Value(word)
        entry.cells[apart.name] = (value, entry.cells[form.key][1])


def split_sorts(members: Sequence[tuple[Paper, Entry]], form: ListForm) -> list[list[tuple[Paper, Entry]]]:
    """Return the members of one year by sort: all sorts but the first keep only what is of their sort."""
    apart = form.apart
    if apart is None:
        return [list(members)]
    sorts: dict[str, list[tuple[Paper, Entry]]] = {}
    for paper, entry in members:
        sort = entry.cells[apart.name][0].text if apart.name in entry.cells else ""
        sorts.setdefault(sort, []).append((paper, entry))
    first, *others = sorts.values()
    kept = {form.key, apart.name, apart.column}
    parts = [list(first)]
    for group in others:
        for paper, entry in group:
            shared = {name: cell for name, cell in entry.cells.items() if name not in (apart.column, apart.name)}
            parts[0].append((paper, Entry(shared)))
        parts.append([(p, Entry({name: cell for name, cell in e.cells.items() if name in kept})) for p, e in group])
    return parts
