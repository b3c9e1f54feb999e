"""Text recognition for scanned pages, by RapidOCR where the extra `ocr` is installed; its models are in its wheel."""

import importlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

import pypdfium2

from appliance.knowledge.content import Box
from appliance.knowledge.language.text import clean
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.pdf_page import PrintedLine

_DOTS_PER_POINT = 200 / 72
_LONGEST_SIDE = 3000  # pixels
_CLAUSE = re.compile(r"^(第[一二三四五六七八九十百零〇\d]+[编章节条])(?=\S)")  # the blank behind it is not recognised
_SURE = 0.5  # what is read with less certainty is left out
_LARGER = 1.4  # times the usual height: the type of a heading
_SAME_LINE = 0.5  # share of a line's height by which two boxes of one line may differ


def recognise(
    document: pypdfium2.PdfDocument, pages: Sequence[int], limits: Limits
) -> Iterator[tuple[int, list[PrintedLine]]]:
    """Yield each page's number and its lines from the top; no lines once `limits.ocr_s` are used up."""
    engine = importlib.import_module("rapidocr").RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    end = time.process_time() + limits.ocr_s
    for number in pages:
        if time.process_time() > end:
            yield number, []
            continue
        page = document[number - 1]
        scale = min(_DOTS_PER_POINT, _LONGEST_SIDE / max(page.get_size()))
        found = engine(page.render(scale=scale).to_numpy())
        if found.txts is None:
            yield number, []
            continue
        pieces = [
            (_CLAUSE.sub(r"\1 ", clean(text)), _box([(float(x), float(y)) for x, y in corners], scale))
            for text, corners, score in zip(found.txts, found.boxes, found.scores, strict=True)
            if score >= _SURE and clean(text)
        ]
        yield number, _even_sizes(list(_lines(pieces)))


def _even_sizes(lines: list[PrintedLine]) -> list[PrintedLine]:
    """Give the lines of about the usual height one size: a recognised box is as high as its highest letter."""
    if not lines:
        return []
    usual = median(line.size for line in lines)
    return [replace(line, size=usual) if line.size < usual * _LARGER else line for line in lines]


def _box(corners: Sequence[tuple[float, float]], scale: float) -> Box:
    xs, ys = zip(*corners, strict=True)
    return (
        round(min(xs) / scale, 1),
        round(min(ys) / scale, 1),
        round(max(xs) / scale, 1),
        round(max(ys) / scale, 1),
    )


def _lines(pieces: Sequence[tuple[str, Box]]) -> Iterator[PrintedLine]:
    """Yield printed lines; the pieces of one line, which wide gaps part, come from left to right."""
    rest = sorted(pieces, key=lambda piece: piece[1][1])
    while rest:
        _text, (_left, top, _right, bottom) = rest[0]
        reach = (bottom - top) * _SAME_LINE
        same = [piece for piece in rest if abs(piece[1][1] - top) <= reach]
        rest = [piece for piece in rest if abs(piece[1][1] - top) > reach]
        for text, box in sorted(same, key=lambda piece: piece[1][0]):
            yield PrintedLine(text, box[3] - box[1], box, box[3])
