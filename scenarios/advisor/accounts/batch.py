"""Many accounts at once: a chunk of clients for one task, with compact results."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from appliance.core.errors import RequestError

from ..data.dataset import Dataset
from ..data.loading import load_dataset
from ..models import Part
from ..suitability.loading import RuleBook
from .diagnosis import diagnose


class Brief(Part):
    """The figures of one account without their formulas, its text and notes; `error` where it cannot be diagnosed."""

    client: str
    as_of: date | None = None
    values: dict[str, float | None] = Field(default_factory=dict, description="By id of the figure.")
    text: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None


def diagnose_many(
    folder: Path, clients: Sequence[str], as_of: date | None = None, language: str = "en", *, today: date | None = None
) -> list[Brief]:
    """Return a brief for each client, in their order; one that cannot be diagnosed has its error and stops no other.

    The dataset of a folder is loaded once in a process, with what is computed from the whole of it. `today` is the day
    after which values lie ahead (none: `as_of`, else the clock's). Raises `InvalidRequest` for data that is not whole.
    """
    day = today or as_of or date.today()  # noqa: DTZ011 - the bank's own day
    dataset = _loaded(folder, day)
    return [brief_of(dataset, client, as_of, language) for client in clients]


def brief_of(dataset: Dataset, client: str, as_of: date | None, language: str, rules: RuleBook | None = None) -> Brief:
    """Return the brief of one client."""
    try:
        found = diagnose(dataset, client, as_of, language, charts=False, rules=rules)
    except RequestError as error:
        return Brief(client=client, error=error.render("zh_CN" if language.startswith("zh") else "en"))
    values = {id_: figure.value for id_, figure in found.figures.items()}
    return Brief(client=client, as_of=found.as_of, values=values, text=found.text, notes=found.notes)


@lru_cache(maxsize=2)
def _loaded(folder: Path, today: date) -> Dataset:
    return load_dataset(folder, today)
