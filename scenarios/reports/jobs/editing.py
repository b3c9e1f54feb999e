"""A person's words in the place of a paragraph: their numbers are held against sources like all others."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from appliance.core.clock import iso, utc_now
from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _

from ..models import Paragraph, Place, Reading, Report, Section, Sentence
from .finishing import by_model, untraced_in
from .kept import read_kept
from .spec import Files, Spec, keep_version, read_version

OFFICER: Final = "officer"
_END: Final = re.compile(r"(?<=[。！？!?；;])\s*|(?<=[a-z\d)]\.)\s+(?=[A-Z])")


def edit(
    job: str, spec: Mapping[str, Any], own: str, version: tuple[int, str], change: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep a version with another text for a paragraph; return its `sha256`, `number` and `by_model`.

    `change` has section, paragraph (number of the block, from 1), text, sources (file, quote, page), by. Raises
    `NotFound` for a paragraph that is not there, `InvalidRequest` for a quotation that its file does not have and, with
    the code `numbers_untraced`, for numbers that neither the section's figures nor the sources hold.
    """
    report = read_version(Path(job), *version)
    section = next((one for one in report.sections if one.id == change["section"]), None)
    at = int(change["paragraph"]) - 1
    if section is None or not 0 <= at < len(section.blocks) or section.blocks[at].type != "paragraph":
        raise NotFound(
            _("The report has no paragraph {number} in {section}.", number=at + 1,
              section=repr(change["section"][:80])),
            _("GET jobs/ID/sections/SECTION shows its blocks, numbered from 1."), param="paragraph",
            code="paragraph_not_found",
        )  # fmt: skip
    places = _places(Files(Path(job), Spec.model_validate(spec)), Spec.model_validate(spec), change["sources"])
    edited = _edited(section, at, str(change["text"]), places, str(change["by"]))
    made = report.model_copy(
        update={
            "version": report.version + 1, "made_at": iso(utc_now()),
            "sections": tuple(edited if one.id == section.id else one for one in report.sections),
        }
    )  # fmt: skip
    _check_numbers(report, made, Path(own))
    made = made.model_copy(update={"by_model": by_model(made.sections)})
    return {"sha256": keep_version(Path(job), made), "number": made.version, "by_model": made.by_model}


def _check_numbers(before: Report, after: Report, own: Path) -> None:
    known = set(untraced_in(before, own))
    untraced = [one for one in untraced_in(after, own) if one not in known]
    if untraced:
        raise InvalidRequest(
            _("These numbers stand in no source: {numbers}.", numbers="; ".join(untraced[:10])[:800]),
            _("Correct them, or name the source with a quotation that has them in `sources`."),
            param="text", code="numbers_untraced", details={"numbers": untraced[:50]},
        )  # fmt: skip


def _edited(section: Section, at: int, text: str, places: Sequence[Place], by: str) -> Section:
    """Return the section with the text, which rests on what the paragraph rested on, and on more places."""
    old = section.blocks[at]
    assert isinstance(old, Paragraph)
    figures = tuple(dict.fromkeys(figure for one in old.sentences for figure in one.figures))
    sources = tuple(dict.fromkeys([*(place for one in old.sentences for place in one.places), *places]))
    kind = "fact" if sources or figures else "opinion"
    sentences = tuple(
        Sentence.model_validate(
            {
                "id": f"{section.id}.{at + 1}.{number}", "text": one, "kind": kind, "figures": figures,
                "places": sources,
            }
        )
        for number, one in enumerate(sentences_in(text), 1)
    )  # fmt: skip
    style = old.style if kind == "fact" else "opinion"
    paragraph = Paragraph.model_validate({"style": style, "sentences": sentences})
    blocks = (*section.blocks[:at], paragraph, *section.blocks[at + 1 :])
    return section.model_copy(update={"blocks": blocks, "edited_by": by, "written_at": iso(utc_now())})


def sentences_in(text: str) -> list[str]:
    """Return the sentences of a text, one space between words."""
    return [one for part in _END.split(" ".join(text.split())) if (one := part.strip())]


def _places(files: Files, spec: Spec, sources: Sequence[Mapping[str, Any]]) -> list[Place]:
    """Return the sources that a person names. Raises `InvalidRequest` for a quotation that is not in its file."""
    by_id = {one.id: one for one in spec.files}
    places = []
    for source in sources:
        quote = str(source["quote"])
        if source["file"] == OFFICER:
            places.append(Place(file=OFFICER, name=OFFICER, quote=quote))
            continue
        planned = by_id.get(str(source["file"]))
        reading = None if planned is None else read_kept(files.reading(planned), Reading)
        found = None if reading is None else _quoted(reading, quote)
        if found is None:
            raise InvalidRequest(
                _("The file {file} does not have this quotation: {quote}", file=str(source["file"])[:40],
                  quote=quote[:200]),
                _("Name a file of the job by its id and copy what stands there word for word; or name `officer`."),
                param="sources", code="quotation_not_found",
            )  # fmt: skip
        places.append(found)
    return places


def _quoted(reading: Reading, quote: str) -> Place | None:
    wanted = _flat(quote)
    for place, text in _texts(reading):
        if wanted and wanted in _flat(text):
            return place.model_copy(update={"quote": quote})
    return None


def _texts(reading: Reading) -> Iterator[tuple[Place, str]]:
    told = {"file": reading.file.id, "name": reading.file.name}
    for passage in reading.passages:
        yield Place(**told, page=passage.page, line=passage.line), passage.text
    for grid in reading.grids:
        for row, number, page in zip(grid.rows, grid.row_numbers, grid.pages, strict=True):
            yield Place(**told, page=page, sheet=grid.sheet, line=number), " ".join(row)


def _flat(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
