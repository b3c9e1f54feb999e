"""Tables of an outline: accounts and figures over the years or by key; lists stand in `listing`."""

from collections.abc import Callable
from typing import Final

from .. import showing
from ..models import Block, Cell, Figure, Item, Table, TableBlock
from ..outlines.codes import shipped
from ..outlines.models import Outline, TablePart
from .listing import MISSING, facts_table, findings_table, formulas_table, group_table, payments_table
from .naming import capital
from .sentences import filled
from .sources import Sources, natural
from .summing import closing_blocks

_STRONG: Final = ("total_", "operating_profit", "net_profit", "equity_parent", "net_cash_change", "closing_cash")
_FIRST: Final = 0.34
"""Share of the width that the first column of a table of periods has."""


def table_blocks(part: TablePart, block_id: str, outline: Outline, sources: Sources) -> list[Block]:
    """Return a table, or nothing where it would have no row (closing tables say so themselves)."""
    caption = filled(part.caption.within(sources.language), sources)[0]
    if part.of is not None:
        return closing_blocks(part.of, block_id, caption, outline, sources)
    build = next(builder for name, builder in _BUILDERS.items() if getattr(part, name))
    table = build(part, block_id, caption, sources)
    if not table.rows:
        return []
    if part.note is not None:
        note = filled(part.note.within(sources.language), sources)[0]
        table = table.model_copy(update={"note": f"{table.note}{note}"})
    return [TableBlock(table=table.model_copy(update={"rows": table.rows[: part.most]}))]


def _accounts(part: TablePart, block_id: str, caption: str, sources: Sources) -> Table:
    """Return accounts in rows and the latest years in columns, money in the table's unit."""
    codes = part.items or shipped().statements[part.statement or "balance"]
    days = sources.last_years(part.periods)
    found = {(code, day): sources.item(code, day) for code in codes for day in days}
    items = [one for one in found.values() if one is not None]
    currency = items[0].currency if items else "CNY"
    ends = bool(items) and all(one.months == 0 for one in items)
    rows = []
    for code in codes:
        own = [found[code, day] for day in days]
        if not any(own) or (part.items and not any(one is not None and one.value for one in own)):
            continue  # a line of nothing is for the annexes
        strong = code.startswith(_STRONG) or code.endswith("_cash_flow")
        cells = [_item_cell(one, sources, strong=strong) for one in own]
        title = Cell(text=capital(sources.title("item", code), sources), strong=strong)
        rows.append((title, *cells, *([_change_cell(code, sources)] if part.change else [])))
    heads = [sources.say("account", unit=showing.table_unit(currency, sources.language))]
    heads.extend(sources.period_title(day, end=ends) for day in days)
    if part.change:
        heads.append(sources.say("change"))
    scopes = {one.scope for one in items}
    scope = next(iter(scopes)) if len(scopes) == 1 else "unknown"
    note = sources.say(f"scope_{scope}") if scope != "unknown" else ""
    return _periods_table(block_id, caption, heads, rows, note)


def _periods_table(
    block_id: str, caption: str, heads: list[str], rows: list[tuple[Cell, ...]], note: str = ""
) -> Table:
    rest = (1.0 - _FIRST) / max(1, len(heads) - 1)
    return Table(
        id=block_id,
        caption=caption,
        columns=tuple(heads),
        numeric=(False, *(True for _head in heads[1:])),
        rows=tuple(rows),
        widths=(_FIRST, *(rest for _head in heads[1:])),
        note=note,
    )


def _item_cell(item: Item | None, sources: Sources, *, strong: bool) -> Cell:
    if item is None:
        return Cell(text=MISSING)
    text = showing.in_table(item.value, item.currency, sources.language)
    return Cell(text=text, place=sources.place(item.place, item.printed), strong=strong)


def _change_cell(code: str, sources: Sources) -> Cell:
    figure = sources.figure(f"growth.{code}", "last")
    return _figure_cell(figure, sources)


def _figure_cell(figure: Figure | None, sources: Sources) -> Cell:
    if figure is None:
        return Cell(text=MISSING)
    if figure.unit == "text":
        return Cell(text=figure.shown, figure=figure.id)
    text = figure.shown if figure.value is not None else MISSING
    if figure.unit.isupper():
        text = showing.in_table(figure.value, figure.unit, sources.language)
    place = next(sources.figure_places(figure), None)
    return Cell(text=text, figure=figure.id, place=place)


def _figures(part: TablePart, block_id: str, caption: str, sources: Sources) -> Table:
    if part.by == "key":
        return _families(part, block_id, caption, sources)
    days = sources.last_years(part.periods)
    if any(_only_flows(name, sources) for name in part.figures):
        days = (day,) if (day := sources.period("flows")) else ()
    names = _expanded(part.figures, sources)
    days = tuple(day for day in days if any(_has_value(sources.figure(name, day)) for name in names))
    days = days or _own_periods(names, sources)
    rows = []
    for name in names:
        own = [sources.figure(name, day) for day in days]
        if not any(_has_value(one) for one in own) or (name not in part.figures and not any(map(_is_more, own))):
            continue  # of a whole family, lines of nothing stay out
        title = capital(sources.title("figure", name), sources)
        money = next((one.unit for one in own if one is not None and one.unit.isupper()), None)
        if money is not None:
            unit = showing.table_unit(money, sources.language)
            title = f"{title}（{unit}）" if sources.language.startswith("zh") else f"{title} ({unit})"
        rows.append((Cell(text=title), *(_figure_cell(one, sources) for one in own)))
    years = set(sources.years)
    heads = [sources.say("figure"), *(sources.period_title(day) if day in years else day for day in days)]
    if len(days) == 1 and days[0] not in years:
        heads[1] = sources.say("value")
    return _periods_table(block_id, caption, heads, rows)


def _own_periods(names: list[str], sources: Sources) -> tuple[str, ...]:
    """Return the one period of figures that have none of a year, such as a fund's quarter; several: none fits all."""
    days = {one.period for one in sources.analysis.figures if one.id.partition("@")[0] in names and _has_value(one)}
    return tuple(days) if len(days) == 1 else ()


def _is_more(figure: Figure | None) -> bool:
    """Tell whether a figure shows more than nothing."""
    return figure is not None and any(sign in "123456789" for sign in figure.shown)


def _has_value(figure: Figure | None) -> bool:
    return figure is not None and (figure.value is not None or figure.unit == "text")


def _only_flows(name: str, sources: Sources) -> bool:
    periods = {one.period for one in sources.analysis.figures if one.id.partition("@")[0] == name}
    return bool(periods) and not periods & set(sources.years)


def _expanded(names: tuple[str, ...], sources: Sources) -> list[str]:
    found: list[str] = []
    for name in names:
        family = name.removesuffix(".*")
        own = [name] if family == name else [one.id.partition("@")[0] for one in _in_order(family, sources)]
        found.extend(one for one in dict.fromkeys(own) if one not in found)
    return found


def _in_order(family: str, sources: Sources) -> list[Figure]:
    """Return a family in the order of the chart of accounts, else of its keys."""
    codes = [code for codes in shipped().statements.values() for code in codes]
    at = {f"{family}.{code}": number for number, code in enumerate(codes)}
    return sorted(sources.family(family), key=lambda one: at.get(one.id.partition("@")[0], len(at)))


def _families(part: TablePart, block_id: str, caption: str, sources: Sources) -> Table:
    """Return keys (months, ranks) in rows and families in columns."""
    families = [name.removesuffix(".*") for name in part.figures]
    by_key: dict[str, dict[str, Figure]] = {}
    for family in families:
        for one in sources.family(family):
            by_key.setdefault(one.id[len(family) + 1 :], {})[family] = one
    money = next((one.unit for of in by_key.values() for one in of.values() if one.unit.isupper()), None)
    unit = showing.table_unit(money, sources.language) if money else ""
    rows = []
    for key in sorted(by_key, key=natural):
        own = by_key[key]
        first = next(iter(own.values()))
        rows.append(
            (
                Cell(text=_key_title(key, first, sources), figure=first.id),
                *(_figure_cell(own.get(one), sources) for one in families),
            )
        )
    heads = [sources.say("name" if rows and not rows[0][0].text[:1].isdigit() else "month")]
    heads.extend(_family_title(one, unit, sources) for one in families)
    return _periods_table(block_id, caption, heads, rows)


def _key_title(key: str, figure: Figure, sources: Sources) -> str:
    """Return a month, or of a ranked family whom the figure's title names."""
    month = key.partition("@")[0]
    return month if "-" in month else sources.party(figure) or figure.title


def _family_title(family: str, unit: str, sources: Sources) -> str:
    title = capital(sources.family_title(family), sources)
    money = any(one.unit.isupper() for one in sources.family(family))
    if not (unit and money):
        return title
    return f"{title}（{unit}）" if sources.language.startswith("zh") else f"{title} ({unit})"


_BUILDERS: Final[dict[str, Callable[[TablePart, str, str, Sources], Table]]] = {
    "items": _accounts,
    "statement": _accounts,
    "figures": _figures,
    "facts": facts_table,
    "group": group_table,
    "payments": payments_table,
    "findings": findings_table,
    "formulas": formulas_table,
}
