"""One report in several formats, arranged once and set once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.labels.content import ContentLabel

from ..models import Report
from .arranging import arrange
from .evidence import to_evidence
from .evidence_page import evidence_html
from .html import write_html
from .labelling import labelled
from .markdown import write_markdown

FILES: Final = {
    "docx": ("report.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": ("report.pdf", "application/pdf"),
    "md": ("report.md", "text/markdown; charset=utf-8"),
    "html": ("report.html", "text/html; charset=utf-8"),
    "evidence": ("evidence.json", "application/json"),
    "evidence-html": ("evidence.html", "text/html; charset=utf-8"),
}
"""File name and media type of each format."""


def render(
    report: Report,
    formats: Sequence[str],
    template: Path | None,
    label: ContentLabel | None,
    draft: bool,
) -> dict[str, bytes]:
    """Return the report's content by format, one of `FILES`; `template` is the bank's Word template, None: ours.

    With `label` every file carries the label of AI-generated content and its notice; without, the notice stands there
    where a model phrased any sentence. Raises `InvalidRequest`, `ConfigError` for the template, `Unavailable`.
    """
    unknown = [name for name in formats if name not in FILES]
    if unknown:
        raise InvalidRequest(
            _("There is no format {name}.", name=unknown[0]),
            _("Reports are made as: {formats}.", formats=", ".join(FILES)),
            param="formats",
        )
    layout = arrange(report, draft=draft, labelled=label is not None)
    out: dict[str, bytes] = {}
    if {"docx", "pdf"} & set(formats):
        from .pdf import print_pages

        printed = print_pages(layout)
        if "docx" in formats:
            from .word import write_docx

            out["docx"] = write_docx(layout, template, printed.pages)
        if "pdf" in formats:
            out["pdf"] = printed.content
    if "md" in formats:
        out["md"] = write_markdown(layout).encode()
    if "html" in formats:
        out["html"] = write_html(layout).encode()
    out = {name: labelled(content, label, FILES[name][0]) for name, content in out.items()}
    if "evidence" in formats:
        out["evidence"] = to_evidence(report, template, label, draft)
    if "evidence-html" in formats:
        out["evidence-html"] = evidence_html(report, template, label, draft)
    return {name: out[name] for name in formats}
