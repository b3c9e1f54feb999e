"""The sentences of an account diagnosis, from YAML: each number in them is the `shown` of a figure."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_as

from ..data.targets import Target
from ..models import Client, Figure
from .answer import AccountDiagnosis, ChangeLine, ClassLine

SHIPPED: Final = Path(__file__).with_name("texts.yaml")
_CASH: Final = "cash"
_UNTOLD: Final = 0.01  # of the value: beyond it, that a change is not explained is a note of its own


class AccountTexts(BaseModel):
    """All texts of the diagnosis, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentences: dict[str, Words]
    disclosures: dict[str, Words]
    notes: dict[str, Words]
    charts: dict[str, Words]

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "AccountTexts":
        """Read the texts. Raises `ConfigError` with the file, the entry and what is wrong."""
        return read_as(path, cls)


@cache
def account_texts() -> AccountTexts:
    """Return the texts that come with the pack, read once."""
    return AccountTexts.load()


class Writer:
    """Writes what a diagnosis says, in its language."""

    def __init__(
        self, diagnosis: AccountDiagnosis, client: Client, target: Target | None, *, outdated: bool = False
    ) -> None:
        self._outdated = outdated
        self._of = diagnosis
        self._client = client
        self._target = target
        self._texts = account_texts()
        self._chinese = diagnosis.language.startswith("zh")

    def paragraphs(self) -> tuple[str, ...]:
        """Return the text: what is held, its risk, and what follows for the client."""
        if not self._of.positions:
            return (self._say("empty", day=self._shown("as_of")),)
        return tuple(self._paragraphs())

    def notes(self) -> tuple[str, ...]:
        """Return what was left out or taken otherwise, and why."""
        notes = [line.note for line in self._of.positions if line.note]
        in_risk = {line.product for line in self._of.positions if self._id("risk_contribution", line.product)}
        names = [one.name for one in self._of.positions if one.basis == "value" and one.product not in in_risk]
        notes += [self._note("short_history", product=name) for name in names]
        for one in self._of.stress:
            if one.missing:
                known = {line.product: line.name for line in self._of.positions}
                products = self._list([known[name] for name in one.missing])
                notes.append(self._note("no_shock", title=one.title, products=products))
        if self._id("later_transactions"):
            notes.append(self._note("later", count=self._shown("later_transactions")))
        other, total = self._value("change_other"), self._value("total_value")
        if other is not None and total and abs(other) > _UNTOLD * total:
            notes.append(self._note("not_explained", other=self._shown("change_other")))
        return tuple(notes)

    def disclosures(self) -> tuple[str, ...]:
        """Return what has to be said with every diagnosis."""
        names = ["past", "model", "suitability", *(["made_up"] if self._of.made_up else [])]
        return tuple(self._texts.disclosures[name].within(self._of.language) for name in names)

    def chart(self, name: str) -> str:
        """Return a title or label of the charts."""
        return self._texts.charts[name].within(self._of.language)

    def _paragraphs(self) -> Iterator[str]:
        yield self._say(
            "total", day=self._shown("as_of"), value=self._shown("total_value"), count=self._shown("positions"),
            cost=self._shown("total_cost"), gain=self._shown("total_gain"),
        )  # fmt: skip
        if all(line.asset_class == _CASH for line in self._of.positions):
            yield self._say("all_cash")
        yield self._allocation()
        if self._value("largest_product") is not None:
            yield self._say(
                "concentration", product=self._of.positions[0].name, share=self._shown("largest_product"),
                five=self._shown("top_five"),
            )  # fmt: skip
        for pair in self._of.overlaps[:1]:
            overlap = self._of.figures[pair.figures["overlap"]].shown
            yield self._say("overlap", first=pair.names[0], second=pair.names[1], overlap=overlap)
        yield from self._risk()
        yield from self._for_the_client()
        yield from self._stress()
        for line in self._of.changes[:1]:
            yield self._changed(line)

    def _allocation(self) -> str:
        if self._target is None:
            return self._say("no_target")
        tolerance, target = self._shown("drift_tolerance"), self._target.title.within(self._of.language)
        off = [self._off(line) for line in self._of.classes if line.off]
        if not off:
            return self._say("on_target", tolerance=tolerance, target=target)
        return self._say("off_target", tolerance=tolerance, target=target, classes=self._list(off))

    def _off(self, line: ClassLine) -> str:
        share, wanted, drift = (
            self._shown(name, line.asset_class) for name in ("class_share", "class_target", "class_drift")
        )
        return self._say("off_class", name=line.title, share=share, wanted=wanted, drift=drift)

    def _risk(self) -> Iterator[str]:
        if self._value("volatility") is None:
            return
        if self._value("diversification_ratio") is None or self._value("max_drawdown_peak") is None:
            yield self._say("calm", volatility=self._shown("volatility"))
            return
        yield self._say(
            "risk", volatility=self._shown("volatility"), drawdown=self._shown("max_drawdown"),
            first=self._shown("max_drawdown_peak"), last=self._shown("max_drawdown_trough"),
            var=self._shown("var_historical"),
        )  # fmt: skip
        shares = [(self._value("risk_share", line.product), line) for line in self._of.positions]
        known = [(share, line) for share, line in shares if share is not None]
        if len(known) > 1:
            _share, most = max(known, key=lambda one: (one[0], one[1].product))
            yield self._say(
                "risk_share", product=most.name, risk=self._shown("risk_share", most.product),
                share=self._shown("position_share", most.product),
            )  # fmt: skip

    def _for_the_client(self) -> Iterator[str]:
        if self._value("money_weighted_return") is not None:
            yield self._say("returns", money=self._shown("money_weighted_return"))
        if self._value("cash_need"):
            name = "cash_short" if self._value("cash_gap") else "cash_enough"
            yield self._say(
                name, need=self._shown("cash_need"), free=self._shown("redeemable", "d365"), gap=self._shown("cash_gap")
            )
        yield self._say("fees", fees=self._shown("fees_a_year"), share=self._shown("fee_share"))
        if self._client.level is None:
            yield self._say("not_assessed")
        elif self._outdated:
            yield self._say("outdated", day=self._shown("assessed_on"))
        if self._value("unsuitable_value"):
            yield self._say("unsuitable", value=self._shown("unsuitable_value"), share=self._shown("unsuitable_share"))

    def _stress(self) -> Iterator[str]:
        told = [(line, self._of.figures[line.figures["stress_loss"]]) for line in self._of.stress]
        known = [(line, figure) for line, figure in told if figure.value is not None]
        if known:
            line, loss = min(known, key=lambda one: (one[1].value or 0.0, one[0].scenario))
            share = self._of.figures[line.figures["stress_share"]].shown
            yield self._say("stress", title=line.title, loss=loss.shown, share=share)

    def _changed(self, line: ChangeLine) -> str:
        shown = {name.removeprefix("change_"): self._of.figures[id_].shown for name, id_ in line.figures.items()}
        return self._say("changed", day=self._shown("previous_day"), **shown)

    def _id(self, name: str, key: str = "") -> str | None:
        found = ".".join(part for part in ("account", self._of.client, key, name) if part)
        return found if found in self._of.figures else None

    def _figure(self, name: str, key: str = "") -> Figure:
        return self._of.figure(name, key)

    def _shown(self, name: str, key: str = "") -> str:
        return self._figure(name, key).shown

    def _value(self, name: str, key: str = "") -> float | None:
        return self._figure(name, key).value if self._id(name, key) else None

    def _say(self, sentence: str, **values: str) -> str:
        return self._texts.sentences[sentence].within(self._of.language).format(**values)

    def _note(self, note: str, **values: str) -> str:
        return self._texts.notes[note].within(self._of.language).format(**values)

    def _list(self, parts: list[str]) -> str:
        return ("、" if self._chinese else ", ").join(parts)
