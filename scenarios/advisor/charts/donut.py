"""Parts of one whole."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.scenario.charts import font, written

from ..models import Chart
from .drawing import draw
from .style import colour, tick
from .vega import colours, specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def donut(name: str, title: str, parts: Mapping[str, float], *, language: str) -> Chart:
    """Return shares of one whole in their order, from the top clockwise; the legend has each share in percent.

    Values are 0 or more and not all 0; they are divided by their sum.
    """
    whole = sum(parts.values())
    if not parts or min(parts.values()) < 0.0 or whole <= 0.0:
        raise InvalidRequest(
            _("The parts of a whole must be 0 or more, and not all of them 0."), _("Draw bars for other values.")
        )
    shares = {label: value / whole for label, value in parts.items()}
    gap = "　" if language.startswith("zh") else "  "

    def paint(axes: "Axes") -> None:
        wedges, _texts = axes.pie(
            list(shares.values()), colors=[colour(at) for at in range(len(shares))], startangle=90, counterclock=False,
            wedgeprops={"width": 0.38, "edgecolor": "white", "linewidth": 1.5},
        )[:2]  # fmt: skip
        for wedge, (label, share) in zip(wedges, shares.items(), strict=True):
            wedge.set_label(written(f"{label}{gap}{tick(share, 'share')}"))
        axes.legend(handles=list(wedges), prop=font(11), frameon=False, loc="center left", bbox_to_anchor=(1.05, 0.5))

    rows = [{"part": label, "share": share, "order": number} for number, (label, share) in enumerate(shares.items())]
    encoding = {
        "theta": {"field": "share", "type": "quantitative", "stack": True},
        "color": colours(list(shares), "part"),
        "order": {"field": "order", "type": "quantitative"},
        "tooltip": [{"field": "part", "type": "nominal"}, {"field": "share", "type": "quantitative", "format": ".1%"}],
    }
    vega = specification(title, rows, mark={"type": "arc", "innerRadius": 90}, encoding=encoding)
    return Chart(name=name, title=title, png_base64=draw(title, paint), vega_lite=vega)
