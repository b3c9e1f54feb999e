"""Altman's Z: which form suits the company, and in which zone its value lies."""

from ..models import Dossier, Figure, Input
from ..showing import MISSING
from .computing import Computing
from .formulas import Formulas
from .ledger import Frame, by_name

NAME = "altman_z"
ZONE = "altman_zone"


def manufacturer(dossier: Dossier, formulas: Formulas) -> bool:
    """Whether the business scope names manufacturing; without one the form for all other firms is used."""
    stated = by_name(dossier.facts)
    scope = f"{stated.get('business_scope', '')} {stated.get('company_type', '')}".casefold()
    return any(word.casefold() in scope for word in formulas.altman.manufacturing)


def zone(computing: Computing, frame: Frame, *, made_by_manufacturer: bool) -> Figure:
    """Return the zone of a frame's Z as a figure whose text is the zone's name."""
    altman = computing.formulas.altman
    language = computing.language
    form = altman.manufacturer if made_by_manufacturer else altman.other
    z = computing.figure(NAME, frame)
    said = MISSING["zh" if language.startswith("zh") else "en"]
    if z.value is not None:
        name = "safe" if z.value > form.safe else "distress" if z.value < form.distress else "grey"
        said = altman.zones[name].within(language)  # type: ignore[index]
    return Figure(
        id=f"{ZONE}@{frame.period}",
        name=ZONE,
        title=computing.scoped(altman.zone_title.within(language), frame),
        period=frame.period,
        value=None,
        unit="text",
        shown=said,
        formula=altman.zone_formula.within(language),
        inputs=()
        if z.value is None
        else (
            Input(symbol=NAME, value=z.value, shown=z.shown, figure=z.id),
            Input(symbol="safe", value=form.safe, shown=f"{form.safe:.2f}"),
            Input(symbol="distress", value=form.distress, shown=f"{form.distress:.2f}"),
        ),
        note=z.note,
    )
