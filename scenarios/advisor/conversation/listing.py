"""Answers that need no computation: lists of products, a client's facts, the list of formulas."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, cast

from ..figures.formulas import Formula, formulas
from ..figures.writing import number_of, shown
from ..models import Figure, Product
from .results import Result
from .speaking import Speaker
from .tools import Arguments, ClientArguments, FigureArguments, ListArguments

if TYPE_CHECKING:
    from .running import Desk

_MOST: Final = 12


def products(desk: "Desk", arguments: Arguments, speaker: Speaker) -> Result:
    """Return the products that the filters leave; those for a client are what the rules do not exclude."""
    own = cast("ListArguments", arguments)
    found = [one for one in desk.dataset.products.values() if _fits(one, own)]
    lead, why = list[str](), ""
    if own.client is not None:
        from ..allocation.suits import Suits

        suits = Suits(desk.dataset, own.client, desk.rules, desk.today, speaker.language)
        refused = [reason for one in found if (reason := suits.why_not(one)) is not None]
        found = [one for one in found if suits.why_not(one) is None]
        lead.append(speaker.say("listed_for" if found else "listed_none_for", client=own.client))
        why = refused[0].why if refused and not found else ""
    count = _figure(desk, "products.count", speaker.say("counts"), float(len(found)), "count", "", speaker)
    if found:
        lead.append(speaker.say("listed", count=count.shown))
    else:
        lead.append(why or speaker.say("listed_none"))
    figures = [count]
    for one in found[:_MOST]:
        term = _figure(desk, f"product.{one.id}.term", speaker.say("term", days=""), float(one.term_days), "days",
                       one.id, speaker)  # fmt: skip
        figures.append(term)
        lead.append(
            speaker.say("product_row", id=one.id, name=speaker.words(one.name), level=one.level,
                        currency=one.currency,
                        term=speaker.say("term", days=term.shown) if one.term_days else speaker.say("open_term"))
        )  # fmt: skip
    if len(found) > _MOST:
        more = _figure(desk, "products.more", speaker.say("counts"), float(len(found) - _MOST), "count", "", speaker)
        figures.append(more)
        lead.append(speaker.say("listed_more", count=more.shown))
    named = [text for one in found[:_MOST] for text in (one.id, speaker.words(one.name), one.level)]
    return Result(
        tool="product_list", lead=tuple(lead), figures=tuple(figures), facts=(own.client or "", why, *named),
        disclosures=_made_up(desk, speaker),
        suggestions=tuple(speaker.say("suggest_fund", product=one.id) for one in found[:2]),
    )  # fmt: skip


def client(desk: "Desk", arguments: Arguments, speaker: Speaker) -> Result:
    """Return what the bank's data has of a client."""
    own = desk.dataset.client(cast("ClientArguments", arguments).client)
    unknown = speaker.say("unknown")
    figures: list[Figure] = []
    lines = [
        ("level", own.level or speaker.say("not_assessed")),
        ("assessed_on", _shown(figures, desk, own.id, "assessed_on", own.assessed_on, "date", speaker) or unknown),
        ("kind", speaker.say(f"kind_{own.kind}")),
        ("target", _target(desk, own.target, speaker)),
        ("currency", own.currency),
        ("cash_need", _shown(figures, desk, own.id, "cash_need", own.cash_need, own.currency, speaker) or unknown),
        ("horizon", _shown(figures, desk, own.id, "horizon", own.horizon_days, "days", speaker) or unknown),
    ]
    lead = [speaker.say("client_line", id=own.id, name=own.name)]
    lead += [speaker.say("line", title=speaker.say(name), shown=text) for name, text in lines]
    return Result(
        tool="client_facts", lead=tuple(lead), figures=tuple(figures),
        facts=(own.id, own.name, own.level or "", own.target), disclosures=_made_up(desk, speaker),
        suggestions=(
            speaker.say("suggest_account", client=own.id), speaker.say("suggest_list", client=own.id),
        ),
    )  # fmt: skip


def figure(desk: "Desk", arguments: Arguments, speaker: Speaker) -> Result:
    """Return what a figure is, by the lists of formulas."""
    del desk
    name = cast("FigureArguments", arguments).name
    formula = next((known[name] for known in _lists() if name in known), None)
    if formula is None:
        return Result(
            tool="figure_explained", lead=(speaker.say("explained_unknown", name=name[:40]),), facts=(name[:40],)
        )
    title, text = speaker.words(formula.title), speaker.words(formula.formula)
    lead = [speaker.say("explained", title=title, formula=text)]
    lead += [
        speaker.say("differs", library=library, how=speaker.words(how)) for library, how in formula.differs.items()
    ]
    return Result(
        tool="figure_explained", lead=tuple(lead), disclosures=(speaker.say("explained_note"),), facts=tuple(lead)
    )


def _lists() -> Iterator[dict[str, Formula]]:
    yield formulas().formulas
    from ..accounts.book import account_formulas
    from ..allocation.words import formulas as of_allocation

    yield account_formulas().formulas
    yield of_allocation().formulas


def _fits(product: Product, wanted: ListArguments) -> bool:
    level = product.level
    return (
        (wanted.min_level is None or level >= wanted.min_level)
        and (wanted.max_level is None or level <= wanted.max_level)
        and wanted.asset_class in (None, product.asset_class)
        and (wanted.term_days is None or product.term_days <= wanted.term_days)
        and wanted.currency in (None, product.currency)
    )


def _target(desk: "Desk", name: str, speaker: Speaker) -> str:
    target = desk.dataset.targets.targets.get(name)
    return speaker.words(target.title) if target is not None else name


def _shown(
    figures: list[Figure], desk: "Desk", client_id: str, name: str, value: object, unit: str, speaker: Speaker
) -> str | None:
    """Add a figure of a client's data and return it as written; None for what is not known."""
    if value is None:
        return None
    number = number_of(value) if unit == "date" else float(value)  # type: ignore[arg-type]  # by its unit
    figures.append(
        _figure(desk, f"client.{client_id}.{name}", speaker.say(name), number, unit, client_id, speaker, "clients")
    )
    return figures[-1].shown


def _figure(
    desk: "Desk", key: str, title: str, value: float, unit: str, rows: str, speaker: Speaker, table: str = "products"
) -> Figure:  # fmt: skip
    """Return a figure that a table holds, or that counts its rows."""
    return Figure(
        id=key, name=key.rpartition(".")[2], title=title.strip(), value=value, unit=unit,
        shown=shown(value, unit, speaker.language), formula=title.strip(), sources=(desk.dataset.source(table, rows),),
    )  # fmt: skip


def _made_up(desk: "Desk", speaker: Speaker) -> tuple[str, ...]:
    return (speaker.say("made_up"),) if desk.dataset.made_up else ()
