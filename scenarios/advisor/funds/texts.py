"""What the diagnosis says, from YAML: sentences, titles, notes, and the limits beyond which a sentence is said."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, read_as, read_yaml, refuse

SHIPPED: Final = Path(__file__).with_name("texts.yaml")


class Limits(BaseModel):
    """When something is worth a sentence; shares, but `peers_least` and `redeem_days`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    peer_good: float
    peers_least: int
    beaten: float
    information: float
    fees_apart: float
    drawdown_now: float
    drawdown: float
    drift: float
    industry_gap: float
    inflation: float
    redeem_days: int


class FundTexts(BaseModel):
    """All texts of the diagnosis, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spans: dict[str, Words]
    limits: Limits
    measures: dict[str, Words]
    sentences: dict[str, Words]
    notes: dict[str, Words]
    charts: dict[str, Words]
    axes: dict[str, Words]
    labels: dict[str, Words]
    indices: dict[str, Words]
    disclosure: Words

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "FundTexts":
        """Read the shipped texts; the bank's own, which need not exist, replace those of the same name.

        Raises `ConfigError` with the file, the entry and what is wrong.
        """
        base = read_as(shipped, cls)
        if own is None or not own.is_file():
            return base
        data: dict[str, Any] = base.model_dump()
        for part, entries in read_yaml(own).items():
            merged = isinstance(entries, Mapping) and part in data and part != "disclosure"
            data[part] = {**data[part], **entries} if merged else entries
        made = checked(own, cls, data)
        for part in ("sentences", "notes", "charts", "labels"):
            _check_fields(own, part, getattr(base, part), getattr(made, part))
        return made

    def index(self, name: str, language: str) -> str:
        """Return the title of an index; one without a title is called by its name."""
        return self.indices[name].within(language) if name in self.indices else name


def _check_fields(file: Path, part: str, shipped: Mapping[str, Words], own: Mapping[str, Words]) -> None:
    """Raise `ConfigError` where a text has braces that the shipped text of its name has not."""
    for name, words in own.items():
        known = _fields(shipped[name].en) if name in shipped else set()
        for text in (words.en, words.zh):
            if not _fields(text) <= known:
                names = ", ".join(sorted(known)) or "-"
                refuse(file, f"{part}.{name}", _("only these may stand in braces: {known}", known=names))


def _fields(text: str) -> set[str]:
    try:
        return {field for _text, field, _format, _conversion in Formatter().parse(text) if field is not None}
    except ValueError:
        return {text}


@cache
def fund_texts() -> FundTexts:
    """Return the texts that come with the pack, read once."""
    return FundTexts.load()
