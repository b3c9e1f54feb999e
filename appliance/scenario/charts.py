"""What packs share to draw charts: the one font that has Chinese, and the lock under which matplotlib draws."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final

from appliance.core.errors import Unavailable
from appliance.core.messages import _

_FONT: Final = "NotoSansSC-Regular.ttf"
# FreeType's faces are kept by matplotlib for all threads, and are not made for two at a time.
DRAWING: Final = Lock()
"""Held by whoever draws."""


def font_file() -> Path:
    """Return the font that comes with zhplot; the system's fonts are never used. Raises `Unavailable`."""
    found = find_spec("zhplot")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "fonts" / _FONT
        if path.is_file():
            return path
    raise Unavailable(
        _("The font {file} of charts is missing.", file=_FONT), _("Install the package zhplot of the appliance again.")
    )


@cache
def font(size: float) -> Any:  # noqa: ANN401 - matplotlib has no types here
    """Return the font in a size (points)."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(font_file()), size=size)


def written(text: str) -> str:
    """Return a label as matplotlib must get it: without what it would read as a formula."""
    return text.replace("$", r"\$")
