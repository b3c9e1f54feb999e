"""What is drawn on a PDF page beside its text: straight lines, which may rule a table, and pictures."""

from collections.abc import Iterator
from ctypes import byref, c_float, c_int
from dataclasses import dataclass, field
from itertools import pairwise

import pypdfium2
from pypdfium2 import raw

_MOST_SEGMENTS = 6000  # a page with more is a chart or a map
_MOST_OBJECTS = 50_000
_DEEPEST = 4  # forms within forms
_THIN = 2.0  # points: a filled rectangle no wider is a line
_SLANT = 0.5  # points by which a straight line may miss

Edge = tuple[float, float, float, float]
"""A horizontal or vertical line: left, bottom, right, top in the page's coordinates, two of them equal."""

_Matrix = tuple[float, float, float, float, float, float]
_SAME: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass
class Drawn:
    """Straight lines, the sides of filled areas, and the area that pictures cover in square points."""

    edges: list[Edge] = field(default_factory=list)
    sides: list[Edge] = field(default_factory=list)
    picture_area: float = 0.0
    segments: int = 0


def drawn_on(page: pypdfium2.PdfPage) -> Drawn:
    """Return lines and pictures of a page; no lines where there are so many that they draw a picture themselves."""
    drawn = Drawn()
    for handle, kind, matrix in _objects(page):
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            drawn.picture_area += _area(handle, matrix)
        elif drawn.segments <= _MOST_SEGMENTS:
            _add_path(drawn, handle, matrix)
    if drawn.segments > _MOST_SEGMENTS:
        return Drawn(picture_area=drawn.picture_area)
    return drawn


def _objects(page: pypdfium2.PdfPage) -> Iterator[tuple[object, int, _Matrix]]:
    """Yield the paths and images of a page, those within forms too, and the matrix of what holds them."""
    waiting = [
        (raw.FPDFPage_GetObject(page, index), _SAME, 0)
        for index in range(min(raw.FPDFPage_CountObjects(page), _MOST_OBJECTS))
    ]
    for handle, matrix, depth in waiting:  # grows
        kind = raw.FPDFPageObj_GetType(handle)
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            inner = _multiplied(_matrix(handle), matrix)
            count = min(max(raw.FPDFFormObj_CountObjects(handle), 0), _MOST_OBJECTS - len(waiting))
            waiting.extend((raw.FPDFFormObj_GetObject(handle, index), inner, depth + 1) for index in range(count))
        elif kind in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE):
            yield handle, kind, matrix


def _matrix(handle: object) -> _Matrix:
    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(handle, byref(matrix)):
        return _SAME
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _multiplied(first: _Matrix, then: _Matrix) -> _Matrix:
    a, b, c, d, e, f = first
    (x, y), (u, v), (p, q) = (_moved(then, *point) for point in ((a, b), (c, d), (e, f)))
    return x - then[4], y - then[5], u - then[4], v - then[5], p, q


def _moved(matrix: _Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _area(handle: object, matrix: _Matrix) -> float:
    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    raw.FPDFPageObj_GetBounds(handle, byref(left), byref(bottom), byref(right), byref(top))
    a, b, c, d, _e, _f = matrix
    return abs((right.value - left.value) * (top.value - bottom.value) * (a * d - b * c))


def _add_path(drawn: Drawn, handle: object, matrix: _Matrix) -> None:
    count = raw.FPDFPath_CountSegments(handle)
    drawn.segments += max(count, 0)
    if count < 2 or drawn.segments > _MOST_SEGMENTS:
        return
    whole = _multiplied(_matrix(handle), matrix)
    fill, stroke = c_int(), c_int()
    raw.FPDFPath_GetDrawMode(handle, byref(fill), byref(stroke))
    for points in _outlines(handle, count, whole):
        lefts, bottoms = zip(*points, strict=True)
        left, bottom, right, top = min(lefts), min(bottoms), max(lefts), max(bottoms)
        if right - left <= _THIN and top - bottom > _THIN:
            drawn.edges.append(((left + right) / 2, bottom, (left + right) / 2, top))
        elif top - bottom <= _THIN and right - left > _THIN:
            drawn.edges.append((left, (bottom + top) / 2, right, (bottom + top) / 2))
        else:
            (drawn.edges if stroke.value else drawn.sides).extend(_straight(points))


def _outlines(handle: object, count: int, matrix: _Matrix) -> Iterator[list[tuple[float, float]]]:
    """Yield the corners of each outline without curves, the first again at the end of a closed one."""
    points: list[tuple[float, float]] = []
    curved = False
    x, y = c_float(), c_float()
    for index in range(count):
        segment = raw.FPDFPath_GetPathSegment(handle, index)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, byref(x), byref(y))
        if kind == raw.FPDF_SEGMENT_MOVETO:
            if len(points) > 1 and not curved:
                yield points
            points, curved = [], False
        curved = curved or kind == raw.FPDF_SEGMENT_BEZIERTO
        points.append(_moved(matrix, x.value, y.value))
        if raw.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    if len(points) > 1 and not curved:
        yield points


def _straight(points: list[tuple[float, float]]) -> Iterator[Edge]:
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(x0 - x1) <= _SLANT < abs(y0 - y1):
            yield x0, min(y0, y1), x0, max(y0, y1)
        elif abs(y0 - y1) <= _SLANT < abs(x0 - x1):
            yield min(x0, x1), y0, max(x0, x1), y0
