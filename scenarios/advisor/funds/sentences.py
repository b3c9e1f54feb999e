"""What is said of a fund: each sentence follows from figures by a fixed rule, and its numbers are theirs."""

from collections.abc import Iterator
from typing import Literal

from ..models import Figure
from .shapes import Fall, Fees, PeerRank, Regression, Sentence, Window
from .subject import Subject

Kind = Literal["strength", "weakness", "watch", "remark"]
_YOUNG_YEARS = 3


class Writer:
    """Writes the sentences of one subject."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.limits = subject.texts.limits

    def say(self, kind: Kind, name: str, figures: dict[str, Figure], **words: str) -> Sentence:
        """Return a sentence: figures go in as they are written, `words` are titles."""
        template = self.subject.texts.sentences[name].within(self.subject.language)
        text = template.format(**{field: one.shown for field, one in figures.items()}, **words)
        return Sentence(kind=kind, name=name, text=text, figures=tuple(one.id for one in figures.values()))

    def of_peers(self, ranks: tuple[PeerRank, ...]) -> Iterator[Sentence]:
        """Say where it stands far up or far down among its peers."""
        span = self.subject.texts.spans["1y"].within(self.subject.language)
        for one in ranks:
            worse, rank, count = one.percentile.value, one.rank.value, one.count.value
            if worse is None or rank is None or count is None or count < self.limits.peers_least:
                continue
            good, poor = worse >= self.limits.peer_good, (rank - 1.0) / (count - 1.0) >= self.limits.peer_good
            parts = {"value": one.value, "percentile": one.percentile, "rank": one.rank, "count": one.count}
            if good:
                yield self.say("strength", "peer_good", parts, span=span, measure=one.title)
            elif poor:
                yield self.say("weakness", "peer_poor", parts, span=span, measure=one.title)

    def of_windows(self, windows: tuple[Window, ...]) -> Iterator[Sentence]:
        """Say how it did against its benchmark, over the longest of three years and one that there is."""
        window = next((one for name in ("3y", "1y") for one in windows if one.name == name and one.figures), None)
        if window is None or "excess_return" not in window.figures:
            return
        total, excess, ratio = (window.figures[name] for name in ("total_return", "excess_return", "information_ratio"))
        if excess.value is not None and abs(excess.value) >= self.limits.beaten:
            parts = {"total": total, "excess": excess}
            yield self.say(_judged(excess.value > 0.0), "beat", parts, span=window.title)
        if ratio.value is not None and abs(ratio.value) >= self.limits.information:
            yield self.say(_judged(ratio.value > 0.0), "information", {"ratio": ratio}, span=window.title)

    def of_fees(self, fees: Fees) -> Iterator[Sentence]:
        """Say whether it is cheap or dear beside its peers, and what holding it costs."""
        total, peers = fees.total.value or 0.0, fees.peers.value or 0.0
        if total == 0.0 and all(one.cost.value == 0.0 for one in fees.costs):
            yield self.say("remark", "free", {"fee": fees.total})
            return
        if abs(total - peers) > self.limits.fees_apart * peers:
            cheap = total < peers
            yield self.say(_judged(cheap), "cheap" if cheap else "dear", {"fee": fees.total, "peers": fees.peers})
        one, three = fees.costs
        parts = {"fee": fees.total, "one": one.cost, "three": three.cost}
        yield self.say("remark", "cost", parts, amount=fees.amount)

    def of_falls(self, falls: tuple[Fall, ...], now: Figure) -> Iterator[Sentence]:
        """Say what the deepest fall was, and how far below the high it stands."""
        if falls and (falls[0].depth.value or 0.0) <= self.limits.drawdown:
            fall = falls[0]
            parts = {"depth": fall.depth, "peak": fall.peak, "trough": fall.trough}
            if fall.recovery.value is None:
                yield self.say("watch", "drawdown_open", parts)
            else:
                yield self.say("watch", "drawdown", parts | {"recovery": fall.recovery})
        if now.value is not None and now.value <= self.limits.drawdown_now:
            yield self.say("watch", "drawdown_now", {"depth": now})

    def of_style(self, style: Regression) -> Iterator[Sentence]:
        """Say which index's weight moved most since the window before."""
        before = style.earlier[0].weights if style.earlier else {}
        moved = [(_apart(one.regressed, before[one.index]), one) for one in style.weights if one.index in before]
        if moved:
            most, one = max(moved, key=lambda entry: entry[0])
            if most >= self.limits.drift:
                yield self.say("watch", "drift", {"before": before[one.index], "now": one.regressed}, index=one.title)

    def of_industries(self, industry: Regression) -> Iterator[Sentence]:
        """Say where reported and regressed weights are furthest apart."""
        gaps = [
            (_apart(one.regressed, one.reported), one, one.reported)
            for one in industry.weights
            if one.reported is not None
        ]
        if gaps:
            widest, one, reported = max(gaps, key=lambda entry: entry[0])
            if widest >= self.limits.industry_gap:
                parts = {"reported": reported, "regressed": one.regressed}
                yield self.say("watch", "industry_gap", parts, index=one.title)

    def of_terms(self, level: Figure, levels: tuple[Figure, ...], terms: tuple[Figure, ...]) -> Iterator[Sentence]:
        """Say its risk level, and what keeps the money from the client."""
        product, benchmark = self.subject.product, self.subject.benchmark
        if product.issuer_level == product.seller_level:
            yield self.say("remark", "level", {"level": level})
        else:
            yield self.say("watch", "levels", {"issuer": levels[0], "seller": levels[1], "level": level})
        term, redemption = terms
        if product.term_days > 0:
            yield self.say("watch", "term", {"days": term})
        if product.redeem_days > self.limits.redeem_days:
            yield self.say("watch", "slow", {"days": redemption})
        if product.private:
            yield self.say("watch", "private", {})
        if benchmark is not None and benchmark.currency != product.currency:
            yield self.say("watch", "currency", {}, currency=product.currency, other=benchmark.currency)

    def of_age(self, first: Figure, windows: tuple[Window, ...]) -> Iterator[Sentence]:
        """Say where the values are young."""
        if any(one.name == f"{_YOUNG_YEARS}y" and not one.figures for one in windows):
            yield self.say("watch", "young", {"first": first})


def _judged(good: bool) -> Kind:
    return "strength" if good else "weakness"


def _apart(one: Figure, other: Figure) -> float:
    return abs((one.value or 0.0) - (other.value or 0.0))
