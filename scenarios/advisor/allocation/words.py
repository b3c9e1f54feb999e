"""The sentences and formulas of allocation in both languages, from `formulas.yaml`."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ..asset_classes import CLASSES
from ..figures.formulas import Formulas
from ..figures.writing import shown
from ..models import AssetClass
from ..speaking import Speaking

FORMULAS = Path(__file__).with_name("formulas.yaml")


@cache
def formulas() -> Formulas:
    """Return the list of formulas and sentences, read once."""
    return Formulas.load(FORMULAS)


class Speaker(Speaking):
    """Says the sentences of allocation in one language."""

    def __init__(self, language: str) -> None:
        super().__init__(language, formulas().notes)

    def sentences(self, told: Iterable[str]) -> str:
        """Return whole sentences one after the other."""
        return ("" if self.chinese else " ").join(told)

    def asset_class(self, name: AssetClass) -> str:
        """Return the title of a class of assets."""
        return self.words(CLASSES[name])

    def shown(self, value: float, unit: str) -> str:
        """Return a value as texts write it."""
        return shown(value, unit, self.language)
