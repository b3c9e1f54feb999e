"""A report as plain text, for the people who release it: everything that it says, with where each thing is from."""

from collections.abc import Iterator

from ..models import Place, Report, Section

_MOST_PLACES = 4


def review_text(report: Report, most: int) -> str:
    """Return the whole report as text of at most `most` characters; charts are named only."""
    chinese = report.language == "zh_CN"
    head = [report.title, report.subject, report.as_of, f"v{report.version}", ""]
    body = [line for section in report.sections for line in _section(section, chinese=chinese)]
    text = "\n".join([*head, *body])
    if len(text) <= most:
        return text
    cut = "（以下从略，全文见草稿文件。）" if chinese else "(The rest is left out here; the draft file has it.)"
    return f"{text[: most - len(cut) - 1]}\n{cut}"


def _section(section: Section, *, chinese: bool) -> Iterator[str]:
    yield ""
    yield f"{'#' * section.level} {section.title}"
    if section.edited_by:
        yield f"（由 {section.edited_by} 改写）" if chinese else f"(edited by {section.edited_by})"
    for block in section.blocks:
        if block.type == "paragraph":
            text = ("" if chinese else " ").join(one.text for one in block.sentences)
            yield f"{text}{_sources([place for one in block.sentences for place in one.places])}"
        elif block.type == "table":
            yield f"[{block.table.caption}]"
            yield " | ".join(block.table.columns)
            for row in block.table.rows:
                yield " | ".join(cell.text for cell in row)
        else:
            yield f"[{block.picture.caption}]"


def _sources(places: list[Place]) -> str:
    named = list(dict.fromkeys(_source(one) for one in places))
    if not named:
        return ""
    more = " …" if len(named) > _MOST_PLACES else ""
    return f" [{'; '.join(named[:_MOST_PLACES])}{more}]"


def _source(place: Place) -> str:
    parts = [place.name, f"p.{place.page}" if place.page else "", place.sheet or "", place.cell or ""]
    return " ".join(part for part in parts if part)
