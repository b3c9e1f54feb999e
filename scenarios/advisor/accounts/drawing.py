"""The charts of an account diagnosis, from its figures."""

from collections.abc import Callable, Iterator

from ..charts import bars
from ..models import Chart
from .answer import AccountDiagnosis, PositionLine


def charts_of(diagnosis: AccountDiagnosis, word: Callable[[str], str]) -> tuple[Chart, ...]:
    """Return allocation against target, shares of value and risk, and stress scenarios; `word` gives their titles."""
    return tuple(_charts(diagnosis, word))


def _charts(of: AccountDiagnosis, word: Callable[[str], str]) -> Iterator[Chart]:
    if not of.positions:
        return
    now = [of.figures[line.figures["class_share"]].value or 0.0 for line in of.classes]
    groups = {word("now"): now}
    if any(line.off is not None for line in of.classes):
        groups[word("target")] = [of.figures[line.figures["class_target"]].value or 0.0 for line in of.classes]
    titles = [line.title for line in of.classes]
    yield bars("allocation", word("allocation"), titles, groups, unit="share", axis=word("axis"), language=of.language)
    risk = [(line, _risk(of, line)) for line in of.positions]
    known = [(line, share) for line, share in risk if share is not None]
    if len(known) > 1:
        shares = [of.figures[line.figures["position_share"]].value or 0.0 for line, _share in known]
        yield bars(
            "risk", word("risk"), [line.name for line, _share in known],
            {word("value"): shares, word("risk_group"): [share for _line, share in known]},
            unit="share", axis=word("axis"), language=of.language,
        )  # fmt: skip
    told = {line.title: of.figures[line.figures["stress_share"]].value for line in of.stress}
    moves = {title: value for title, value in told.items() if value is not None}
    if moves:
        yield bars(
            "stress", word("stress"), list(moves), {word("change"): list(moves.values())}, unit="share",
            axis=word("change"), language=of.language,
        )  # fmt: skip


def _risk(of: AccountDiagnosis, line: PositionLine) -> float | None:
    figure = of.figures.get(f"account.{of.client}.{line.product}.risk_share")
    return figure.value if figure else None
