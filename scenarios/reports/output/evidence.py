"""The evidence of a report: from each sentence and each number of a table to its sources.

`evidence.schema.json` is its form.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from appliance.labels.content import ContentLabel

from ..models import Cell, Figure, Paragraph, Picture, Place, Report, Section, Sentence, Table, TableBlock
from .labelling import labelled
from .wording import Wording

SCHEMA: Final = "report-evidence/1"
"""Name and version of the form; a change that breaks readers counts it up."""
SCHEMA_FILE: Final = Path(__file__).with_name("evidence.schema.json")
_NUMBER: Final = re.compile(r"\d")


def evidence(report: Report) -> dict[str, Any]:
    """Return what each sentence and each number of a table rests on, as plain data."""
    return _Evidence(report).whole()


def to_evidence(report: Report, template: Path | None, label: ContentLabel | None, draft: bool) -> bytes:
    """Return the evidence as JSON in UTF-8; `template` is for Word and changes nothing here."""
    data = evidence(report) | {"draft": draft}
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    return labelled(text.encode(), label, "evidence.json")


class _Evidence:
    """Collects the places of one report, each under an id of its own, such as p12."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._words = Wording(report.language)
        self._ids: dict[Place, str] = {}
        self._hashes = {file.id: file.sha256 for file in report.files}
        self._counts = {"table": 0, "figure": 0}

    def whole(self) -> dict[str, Any]:
        report = self._report
        sections = [self._section(section) for section in report.sections]
        figures = {figure.id: self._figure(figure) for figure in report.figures}
        conflicts = [
            one.model_dump(mode="json", exclude={"places"}) | {"places": self._places(one.places)}
            for one in report.conflicts
        ]
        return {
            "schema": SCHEMA,
            "report": {
                "id": report.id,
                "version": report.version,
                "title": report.title,
                "subject": report.subject,
                "language": report.language,
                "as_of": report.as_of,
                "made_at": report.made_at,
                "template": report.template,
                "template_version": report.template_version,
                "by_model": report.by_model,
                "sign_off": report.sign_off.model_dump(mode="json") if report.sign_off else None,
            },
            "files": {file.id: file.model_dump(mode="json", exclude={"id"}) for file in report.files},
            "sections": sections,
            "figures": figures,
            "conflicts": conflicts,
            "gaps": [gap.model_dump(mode="json") for gap in report.gaps],
            "places": {name: self._place(place) for place, name in self._ids.items()},
            **({"comments": list(report.comments)} if report.comments else {}),
        }

    def _places(self, places: Iterable[Place]) -> list[str]:
        return [self._ids.setdefault(place, f"p{len(self._ids) + 1}") for place in dict.fromkeys(places)]

    def _place(self, place: Place) -> dict[str, Any]:
        return place.model_dump(mode="json") | {"sha256": self._hashes.get(place.file)}

    def _section(self, section: Section) -> dict[str, Any]:
        blocks: list[dict[str, Any]] = []
        for block in section.blocks:
            if isinstance(block, Paragraph):
                sentences = [self._sentence(sentence) for sentence in block.sentences]
                blocks.append({"type": "paragraph", "style": block.style, "sentences": sentences})
            elif isinstance(block, TableBlock):
                blocks.append(self._table(block.table))
            else:
                blocks.append(self._picture(block.picture))
        given = {"id": section.id, "title": section.title, "level": section.level, "edited_by": section.edited_by}
        return given | {"blocks": blocks}

    def _sentence(self, sentence: Sentence) -> dict[str, Any]:
        return {
            "id": sentence.id,
            "text": sentence.text,
            "kind": sentence.kind,
            "by": sentence.by,
            "figures": list(sentence.figures),
            "places": self._places(sentence.places),
            "rests_on": list(sentence.rests_on),
        }

    def _table(self, table: Table) -> dict[str, Any]:
        cells = [
            self._cell(cell, row, column, table)
            for row, given in enumerate(table.rows, start=1)
            for column, cell in enumerate(given, start=1)
            if cell.figure or cell.figures or cell.place is not None or cell.places or _NUMBER.search(cell.text)
        ]
        return self._numbered("table", table.id, table.caption) | {"cells": cells}

    def _cell(self, cell: Cell, row: int, column: int, table: Table) -> dict[str, Any]:
        return {
            "row": row,
            "column": column,
            "row_title": table.rows[row - 1][0].text,
            "column_title": table.columns[column - 1] if column <= len(table.columns) else "",
            "text": cell.text,
            "figure": cell.figure,
            "figures": list(cell.figures),
            "places": self._places([*([cell.place] if cell.place is not None else []), *cell.places]),
        }

    def _picture(self, picture: Picture) -> dict[str, Any]:
        given = self._numbered("figure", picture.id, picture.caption)
        return given | {"type": "picture", "figures": list(picture.figures), "places": self._places(picture.places)}

    def _numbered(self, name: str, block_id: str, caption: str) -> dict[str, Any]:
        self._counts[name] += 1
        return {"type": name, "id": block_id, "label": self._words(name, number=self._counts[name]), "caption": caption}

    def _figure(self, figure: Figure) -> dict[str, Any]:
        inputs = [
            _plain(one, {"place"}) | {"place": self._places([one.place])[0] if one.place is not None else None}
            for one in figure.inputs
        ]
        return _plain(figure, {"id", "inputs"}) | {"inputs": inputs}


def _plain(part: BaseModel, without: set[str]) -> dict[str, Any]:
    """Return a part as plain data; what is no number, such as infinity, becomes null."""
    data: dict[str, Any] = json.loads(part.model_dump_json(exclude=without))
    return data
