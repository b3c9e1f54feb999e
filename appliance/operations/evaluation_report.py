"""An evaluation as one HTML page that needs nothing else: figures, gate, risk over coverage, each failure."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from appliance import __version__
from appliance.core.files import write_durably
from appliance.core.messages import Message, _, current_language
from appliance.operations.evaluation import Evaluation

_WIDTH, _HEIGHT, _EDGE = 560, 260, 40
_COUNTS = ("answerable", "unanswerable")


def figure_names() -> dict[str, Message]:
    """Return what each figure is called."""
    return {
        "answerable": _("Questions with an answer"),
        "recall_at_1": _("Right passage first (recall@1)"),
        "recall_at_5": _("Right passage among the first five (recall@5)"),
        "right_citation_first": _("Answered with the right citation first"),
        "citation_precision": _("Citations that are right (precision)"),
        "citation_recall": _("Answers with a right citation (recall)"),
        "exact_match": _("Short answer exactly right"),
        "declined_wrongly": _("Declined although the documents answer"),
        "answered_wrongly": _("Answered wrongly, of all questions"),
        "unanswerable": _("Questions without an answer"),
        "declined_rightly": _("Declined rightly"),
        "answer_ms_p50": _("Time of an answer, median"),
        "answer_ms_p95": _("Time of an answer, 95th percentile"),
    }


def shown(figure: str, value: float) -> str:
    """Return a figure with its unit: a count, a percentage or milliseconds."""
    if figure in _COUNTS:
        return f"{value:.0f}"
    return f"{value:.0f} ms" if "_ms_" in figure else f"{value:.1%}"


def render_report(evaluation: Evaluation) -> str:
    """Return the page in the current language."""
    # Questions and quotations are other people's text: everything is escaped.
    environment = Environment(
        loader=PackageLoader("appliance.operations", "templates"), autoescape=True, undefined=StrictUndefined
    )
    broken = {breach.figure: breach.bound for breach in evaluation.breaches}
    names = figure_names()
    rows = [
        (str(names[figure]), shown(figure, value), broken.get(figure)) for figure, value in evaluation.figures.items()
    ]  # fmt: skip
    texts = {
        "title": _("Evaluation of the knowledge base {name}", name=evaluation.base),
        "asked": _("Asked {time}, llm-appliance {version}", time=evaluation.asked_at, version=__version__),
        "figure": _("Figure"), "value": _("Value"), "gate": _("Gate"),
        "curve": _("Risk over coverage"),
        "curve_help": _("If only the most confident share of the questions were answered: how many of them wrongly."),
        "coverage": _("Coverage"), "risk": _("Risk"),
        "failures": _("Questions not answered rightly: {count}", count=len(evaluation.failures)),
        "question": _("Question"), "wanted": _("Wanted"), "got": _("Got"), "confidence": _("Confidence"),
        "decline": _("to decline"), "declined": _("declined"),
    }  # fmt: skip
    return environment.get_template("evaluation.html").render(
        language="zh-CN" if current_language() == "zh_CN" else "en",
        text={name: str(message) for name, message in texts.items()},
        rows=rows,
        points=_points(evaluation.curve),
        size=(_WIDTH, _HEIGHT, _EDGE),
        failures=evaluation.failures,
    )


def _points(curve: Sequence[tuple[float, float, float]]) -> str:
    """Return the curve as the points of an SVG line."""
    wide, high = _WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE
    return " ".join(
        f"{_EDGE + coverage * wide:.1f},{_HEIGHT - _EDGE - risk * high:.1f}" for coverage, risk, _threshold in curve
    )


def write_report(evaluation: Evaluation, path: Path) -> None:
    """Write the page. Raises `DiskFull`, `OSError`."""
    write_durably(path, render_report(evaluation).encode())
