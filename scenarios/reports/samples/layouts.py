"""The ways in which statements are laid out: sides, units, columns, headers and how a number is printed."""

from dataclasses import dataclass
from typing import Final, Literal

UNITS: Final = {"元": 1.0, "千元": 1e3, "万元": 1e4, "百万元": 1e6, "亿元": 1e8, "RMB": 1.0, "RMB'000": 1e3}


@dataclass(frozen=True)
class Layout:
    """How statements are printed."""

    name: str
    unit: str = "元"
    decimals: int = 2
    two_sided: bool = False
    files: Literal["book", "separate", "stack"] = "book"
    header: Literal["plain", "merged", "scopes"] = "plain"
    """scopes: the group's and the parent's columns stand in one table."""
    periods: Literal["relative", "dates"] = "relative"
    columns: int = 2
    """Years side by side."""
    notes: bool = False
    index: bool = False
    """A column 行次."""
    lines: Literal["full", "group", "plain"] = "full"
    names: Literal["standard", "variant", "shares"] = "standard"
    supplement: bool = False
    negative: Literal["minus", "brackets", "wide"] = "minus"
    """wide: Chinese brackets, as text."""
    zero: Literal["dash", "blank", "number"] = "dash"
    as_text: bool = False
    """Numbers are text cells in a workbook."""
    spaced: bool = False
    """Two-letter headings are spread, such as 资　产."""
    changes: bool = False
    """A column of the change in per cent after the years."""
    numbered: bool = False
    """Accounts are numbered: 1、货币资金."""
    unit_in_header: bool = False
    """The unit stands in the header of the columns and nowhere else."""
    offset: int = 0
    """Empty rows and columns before a table in a workbook."""
    language: Literal["zh", "en"] = "zh"
    landscape: bool = False

    @property
    def factor(self) -> float:
        """Return how many yuan the printed unit is."""
        return UNITS[self.unit]

    def rounded(self, yuan: float) -> float:
        """Return the value that a reader of the printed number gets, in yuan."""
        return round(round(yuan / self.factor, self.decimals) * self.factor, 2)

    def printed(self, yuan: float | None) -> str:
        """Write a number the way this layout does; None is an empty cell."""
        if yuan is None:
            return ""
        number = round(yuan / self.factor, self.decimals)
        if number == 0:
            return {"dash": "-", "blank": "", "number": f"{0:.{self.decimals}f}"}[self.zero]
        text = f"{abs(number):,.{self.decimals}f}"
        if number > 0:
            return text
        return {"brackets": f"({text})", "wide": f"（{text}）", "minus": f"-{text}"}[self.negative]

    @property
    def number_format(self) -> str:
        """Return the number format of a workbook's cells."""
        places = "#,##0" + ("." + "0" * self.decimals if self.decimals else "")
        return f"{places}_);({places})" if self.negative == "brackets" else places


LAYOUTS: Final = {
    one.name: one
    for one in (
        Layout("two_sided", two_sided=True, landscape=True),
        Layout("one_sided_notes", periods="dates", notes=True, negative="brackets", lines="group", names="shares"),
        Layout("book_wan", unit="万元", periods="dates", columns=3, lines="plain", zero="blank"),
        Layout("separate_thousand", unit="千元", decimals=0, files="separate", zero="number", lines="full"),
        Layout("group_together", header="scopes", periods="dates", lines="group", notes=True, landscape=True),
        Layout("yi", unit="亿元", decimals=4, files="stack", periods="dates", columns=3, lines="plain"),
        Layout("merged_headers", header="merged", periods="dates", as_text=True, negative="brackets"),
        Layout("long_pages", notes=True, lines="group", supplement=True, periods="dates", names="shares"),
        Layout("small_company", two_sided=True, index=True, names="variant", spaced=True, zero="blank", landscape=True),
        Layout("supplement", supplement=True, files="separate", zero="blank", unit="万元"),
        Layout("million", unit="百万元", files="stack", lines="full", header="merged", negative="brackets"),
        Layout("rough", unit="万元", changes=True, numbered=True, unit_in_header=True, offset=2, negative="wide",
               as_text=True, lines="plain", names="variant"),
        Layout("own_table", unit="千元", changes=True, numbered=True, decimals=1, periods="dates", columns=3, offset=1,
               negative="brackets", lines="full", files="stack", zero="blank"),
        Layout("english", language="en", unit="RMB", periods="dates", notes=True, negative="brackets"),
        Layout("english_thousands", language="en", unit="RMB'000", decimals=0, periods="dates", columns=3,
               negative="brackets", files="separate", supplement=True),
    )
}  # fmt: skip
"""By name."""
CHINESE: Final = tuple(name for name, one in LAYOUTS.items() if one.language == "zh")
ENGLISH: Final = tuple(name for name, one in LAYOUTS.items() if one.language == "en")
