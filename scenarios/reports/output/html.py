"""The report as one HTML page: nothing is fetched, nothing runs, charts are vectors inside it."""

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from appliance.labels.content import ContentLabel

from ..models import Report
from .arranging import Heading, Layout, Pictured, Piece, Prose, Tabled, arrange, moment
from .labelling import labelled
from .notes import Note
from .vectors import safe_svg
from .wording import Wording, clean

_STYLE: Final = Path(__file__).with_name("page.css")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_COVER: Final = ("as_of", "version", "author", "sign_off", "report_id", "made_at")
_TAGS: Final = {"quotation": "blockquote"}


def to_html(report: Report, template: Path | None, label: ContentLabel | None, draft: bool) -> bytes:
    """Return the report as a page in UTF-8; `template` is for Word and changes nothing here."""
    layout = arrange(report, draft=draft, labelled=label is not None)
    return labelled(write_html(layout).encode(), label, "report.html")


def write_html(layout: Layout) -> str:
    """Return the text of the page."""
    given, words = layout.fields, layout.words
    body = [_cover(layout), _contents(layout) if layout.with_contents else "", "<main>"]
    body += [part for piece in layout.pieces for part in _piece(piece)]
    body += [f'<h2 id="about">{text(words("about"))}</h2>', pairs(layout.imprint)]
    body += [f"<p>{text(sentence)}</p>" for sentence in layout.about]
    if layout.notice:
        body.append(f"<p><b>{text(layout.notice)}</b></p>")
    body += [*remarks(layout), "</main>", _notes(layout)]
    return page(f"{given['title']} - {given['subject']}", words, "\n".join(body), author=given["author"])


def page(title: str, words: Wording, body: str, *, author: str = "") -> str:
    """Return a whole page around its body."""
    language = "zh-CN" if words.chinese else "en"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="author" content="{text(author)}">\n<title>{text(title)}</title>\n'
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def text(value: str) -> str:
    """Return a text so that nothing in it acts as HTML, also inside quotation marks."""
    return escape(clean(value), quote=True).replace("\n", "<br>")


def pairs(entries: tuple[tuple[str, str], ...]) -> str:
    """Return names and values as a list."""
    return '<dl class="pairs">' + "".join(f"<dt>{text(a)}</dt><dd>{text(b)}</dd>" for a, b in entries) + "</dl>"


def remarks(layout: Layout) -> Iterator[str]:
    """Yield what people remarked, with its heading; nothing where nobody did, or where it is not to be told."""
    if not layout.remarks:
        return
    yield f'<h2 id="remarks">{text(layout.words("remarks"))}</h2>'
    yield pairs(tuple((f"{moment(one.at)} · {one.by} · {one.where}", one.text) for one in layout.remarks))


def _cover(layout: Layout) -> str:
    given = layout.fields
    fields = tuple((given[f"{name}_label"], given[name]) for name in _COVER if given[name])
    draft = f'<p class="draft">{text(given["draft"])}</p>' if layout.draft else ""
    notice = f"<p><b>{text(layout.notice)}</b></p>" if layout.notice else ""
    return (
        f'<header class="cover"><p class="quiet">{text(given["bank"])}</p><h1>{text(given["title"])}</h1>'
        f'<p class="subject">{text(given["subtitle"])}</p>{draft}{pairs(fields)}'
        f'<p class="quiet">{text(given["confidential"])}</p>{notice}</header>'
    )


def _contents(layout: Layout) -> str:
    lines = "".join(
        f'<li class="l{one.level}"><a href="#{one.anchor}">{one.number} {text(one.title)}</a></li>'
        for one in layout.headings
    )
    about = f'<li class="l1"><a href="#about">{text(layout.words("about"))}</a></li>'
    return f"<nav><h2>{text(layout.words('contents'))}</h2><ol>{lines}{about}</ol></nav>"


def _piece(piece: Piece) -> Iterator[str]:
    if isinstance(piece, Heading):
        level = piece.level + 1
        chapter = ' class="chapter"' if piece.new_page else ""
        yield f'<h{level} id="{piece.anchor}"{chapter}>{piece.number} {text(piece.title)}</h{level}>'
        if piece.edited:
            yield f'<p class="remark">{text(piece.edited)}</p>'
    elif isinstance(piece, Prose):
        mark = f"<b>{text(piece.mark)}</b> " if piece.mark else ""
        content = mark + text(piece.text) + _mark(piece.note)
        tag = _TAGS.get(piece.style, "p")
        yield (
            f"<ul><li>{content}</li></ul>"
            if piece.style == "item"
            else f'<{tag} class="{piece.style}">{content}</{tag}>'
        )
    elif isinstance(piece, Tabled):
        yield from _table(piece)
    else:
        yield from _picture(piece)


def _table(piece: Tabled) -> Iterator[str]:
    table = piece.table
    marks = [' class="n"' if number else "" for number in (*table.numeric, *[False] * len(table.columns))]
    yield f"<figure><figcaption><b>{text(piece.label)}</b> {text(table.caption)}{_mark(piece.note)}</figcaption>"
    heads = zip(table.columns, marks, strict=False)
    head = "".join(f'<th scope="col"{mark}>{text(title)}</th>' for title, mark in heads)
    yield f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>'
    for row in table.rows:
        cells = (
            f"<td{mark}>{f'<b>{text(cell.text)}</b>' if cell.strong else text(cell.text)}</td>"
            for cell, mark in zip(piece.cells(row), marks, strict=False)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    remark = f'<p class="remark">{text(table.note)}</p>' if table.note.strip() else ""
    yield f"</tbody></table></div>{remark}</figure>"


def _picture(piece: Pictured) -> Iterator[str]:
    picture = piece.picture
    alt = text(picture.alt or picture.caption)
    svg = safe_svg(picture.svg, f"chart-{piece.number}-")
    if svg is not None:
        drawn = f'<div role="img" aria-label="{alt}">{svg}</div>'
    elif piece.png:
        drawn = f'<img alt="{alt}" src="data:image/png;base64,{base64.b64encode(piece.png).decode("ascii")}">'
    else:
        drawn = f"<p>{alt}</p>"
    remark = f'<p class="remark">{text(picture.note)}</p>' if picture.note.strip() else ""
    yield f'<figure class="chart">{drawn}<figcaption><b>{text(piece.label)}</b> {text(picture.caption)}'
    yield f"{_mark(piece.note)}</figcaption>{remark}</figure>"


def _mark(note: Note | None) -> str:
    if note is None:
        return ""
    place = "" if note.again else f' id="ref-{note.number}"'
    return f'<sup{place}><a href="#note-{note.number}">{note.number}</a></sup>'


def _notes(layout: Layout) -> str:
    back = text(layout.words("back"))
    lines = "".join(
        f'<li id="note-{note.number}">{text(note.text)} <a href="#ref-{note.number}" title="{back}" '
        f'aria-label="{back}">↩</a></li>'
        for note in layout.notes
    )
    return f'<footer class="notes"><ol>{lines}</ol></footer>' if lines else ""
