"""The last steps as tasks: a version of the report from its sections, and the files that leave."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from appliance.core.clock import iso, utc_now
from appliance.core.files import write_durably
from appliance.labels.content import make_label

from ..models import Report, Section, SignOff
from .kept import check_there, key_of, read_kept
from .spec import CONTRACT_CHECK, RECONCILIATION, Examined, Files, Small, Spec, keep_version, read_version
from .steps import PACK

SMALL_NAMES: Final = (CONTRACT_CHECK, RECONCILIATION)
FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    "docx": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": ("pdf", "application/pdf"),
    "md": ("md", "text/markdown; charset=utf-8"),
    "html": ("html", "text/html; charset=utf-8"),
    "evidence": ("json", "application/json; charset=utf-8"),
    "evidence-html": ("html", "text/html; charset=utf-8"),
}
"""Ending and media type of each format."""
COMMENTED: Final = ("docx", "md", "html", "evidence", "evidence-html")
"""Formats that can carry people's remarks."""
_MOST_TOLD: Final = 50


def assemble(
    job: str, spec: Mapping[str, Any], own: str, sections: Sequence[Mapping[str, Any]], about: Mapping[str, Any]
) -> dict[str, Any]:
    """Write a version of the report; return its `sha256`, what is `untraced` and its rows of `sections`.

    Of each of `sections` there is its `id`, `title` and `level`, and `from`: `last` where it stands in the version
    before, `code`, `model`, or null where it failed for the reason `fault`. `about` has number, id, title,
    template_version, author, bank, made_at, and `last`, number and sha256 of the version before.
    """
    planned = Spec.model_validate(spec)
    files = Files(Path(job), planned)
    last = read_version(files.job, *about["last"]) if about["last"] else None
    made = [_section(files, one, last) for one in sections]
    report = _report(files, planned, Path(own), made, about)
    sha256 = keep_version(files.job, report)
    untraced = untraced_in(report, Path(own))
    rows = [
        {"id": one.id, "title": one.title, "seconds": one.seconds, "edited_by": one.edited_by}
        for one in report.sections
    ]
    return {
        "sha256": sha256, "untraced": len(untraced), "untraced_texts": untraced[:_MOST_TOLD],
        "by_model": report.by_model, "sections": rows,
    }  # fmt: skip


def render(
    job: str, version: int, sha256: str, own: str, template: str, name: str, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the file of the format `name`; return its path as `file`, and `seconds`; made once for the same inputs.

    `more` has draft (bool), sign_off (dumped, or null), comments, label_producer and created (for the label). Raises
    `ConfigError` for a template of the bank that cannot be filled.
    """
    began = time.perf_counter()
    word = _word_template(Path(own), template)
    stamp = None if word is None else (str(word), word.stat().st_mtime_ns)
    key = key_of(sha256, name, stamp, {one: more[one] for one in more if one != "created"})
    path = Path(job) / "files" / f"{name}-{key}.{FORMATS[name][0]}"
    if not path.is_file():
        report = read_version(Path(job), version, sha256)
        signed = None if more["sign_off"] is None else SignOff.model_validate(more["sign_off"])
        report = report.model_copy(update={"sign_off": signed, "comments": tuple(more["comments"])})
        check_there(Path(job))
        write_durably(path, _content(report, name, word, more))
    return {"file": str(path), "seconds": round(time.perf_counter() - began, 3)}


def untraced_in(report: Report, own: Path) -> list[str]:
    """Return what says a number that its sources do not have, as number and text; empty for every whole report."""
    from ..outlines.loading import catalogue
    from ..writing.tracing import untraced

    found = catalogue(PACK, own)
    literals = found[report.template].literal if report.template in found else ()
    return [f"{one.number}: {one.text[:120]}" for one in untraced(report, literals)]


def _content(report: Report, name: str, word: Path | None, more: Mapping[str, Any]) -> bytes:
    from ..output.evidence import to_evidence
    from ..output.evidence_page import evidence_html
    from ..output.html import to_html
    from ..output.markdown import to_markdown
    from ..output.pdf import to_pdf
    from ..output.word import to_docx

    writers = {
        "docx": to_docx, "pdf": to_pdf, "md": to_markdown, "html": to_html, "evidence": to_evidence,
        "evidence-html": evidence_html,
    }  # fmt: skip
    producer = more["label_producer"]
    label = make_label(producer, f"{report.id}-{report.version}") if producer and report.by_model else None
    return writers[name](report, word, label, bool(more["draft"]))


def _word_template(own: Path, template: str) -> Path | None:
    for folder in (own, PACK):
        path = folder / "templates" / template / "template.docx"
        if path.is_file():
            return path
    return None


def _section(files: Files, row: Mapping[str, Any], last: Report | None) -> Section:
    """Return a section as it stands: written now, taken over from a version before, or only why it is missing."""
    origin = row["from"]
    if origin == "last" and last is not None:
        return next(one for one in last.sections if one.id == row["id"])
    found = None if origin is None else read_kept(
        files.phrased(row["id"]) if origin == "model" else files.section(row["id"]), Section
    )  # fmt: skip
    return found or failed_section(row)


def failed_section(row: Mapping[str, Any]) -> Section:
    """Return a section that says only that it could not be written, and why."""
    from ..models import Paragraph, Sentence

    sentence = Sentence(id=f"{row['id']}.1.1", text=str(row["fault"]), kind="gap")
    return Section(
        id=row["id"], title=row["title"], level=row["level"], written_at=iso(utc_now()),
        blocks=(Paragraph(style="warning", sentences=(sentence,)),),
    )  # fmt: skip


def _report(files: Files, spec: Spec, own: Path, sections: Sequence[Section], about: Mapping[str, Any]) -> Report:
    if spec.template in SMALL_NAMES:
        small = read_kept(files.small, Small)
        assert small is not None, "it was written before"
        more = {"sections": tuple(sections), "by_model": by_model(sections)}
        named = {name: about[name] for name in ("author", "made_at", "bank")}
        return small.report.model_copy(update={**named, "version": about["number"], **more})
    from ..outlines.loading import catalogue
    from ..writing.reporting import assemble as put_together

    examined = read_kept(files.examined, Examined)
    assert examined is not None, "it was analysed before"
    return put_together(
        catalogue(PACK, own)[spec.template], examined.dossier, examined.analysis, sections, report_id=about["id"],
        author=about["author"], made_at=about["made_at"], version=about["number"], bank=about["bank"],
    )  # fmt: skip


def by_model(sections: Sequence[Section]) -> bool:
    """Tell whether a model phrased any sentence."""
    return any(
        sentence.by == "model"
        for section in sections for block in section.blocks if block.type == "paragraph"
        for sentence in block.sentences
    )  # fmt: skip
