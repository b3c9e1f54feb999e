"""The text that tells a client or the holders of a product of a changed rating."""

from datetime import date
from typing import Literal

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..models import ClientLevel, Part, ProductLevel
from .client_rules import CLIENT_LEVELS, Match
from .loading import RuleBook
from .money_rules import PRODUCT_LEVELS
from .speaking import Speaker

Level = ClientLevel | ProductLevel


class Notice(Part):
    """A notice of a changed rating."""

    about: Literal["client", "product"]
    direction: Literal["lower", "higher"]
    text: str


def notify_changes(
    old_level: Level, new_level: Level, *, who: str, day: date, rules: RuleBook, language: str = "en"
) -> Notice | None:
    """Return the notice that the level of `who`, a client's or a product's name, has changed; None: it has not.

    Raises `InvalidRequest` where the two are not levels of one kind.
    """
    scale = next((levels for levels in (CLIENT_LEVELS, PRODUCT_LEVELS) if {old_level, new_level} <= set(levels)), None)
    if scale is None:
        raise InvalidRequest(
            _("{old} and {new} are not two levels of one kind.", old=repr(str(old_level)), new=repr(str(new_level))),
            _("Give two of C1 to C5, or two of R1 to R5."), param="new_level", code="level_not_valid",
        )  # fmt: skip
    if old_level == new_level:
        return None
    about: Literal["client", "product"] = "client" if scale is CLIENT_LEVELS else "product"
    direction: Literal["lower", "higher"] = "higher" if new_level > old_level else "lower"
    speaker = Speaker(language)
    highest = _highest(new_level, rules) if about == "client" else ""
    effect = speaker.say(f"effect_{about}_{direction}", highest=highest)
    text = speaker.say(f"notice_{about}", day=day, who=who, old=old_level, new=new_level, effect=effect)
    return Notice(about=about, direction=direction, text=text)


def _highest(level: Level, rules: RuleBook) -> str:
    """Return the highest product level that every matrix lets a client of this level have."""
    allowed = [
        highest
        for rule in rules.rules
        if isinstance(rule, Match)
        for client, highest in rule.highest.items()
        if client == level
    ]
    return min(allowed, default=PRODUCT_LEVELS[0])
