import io
import re
import zipfile
import zlib
from dataclasses import replace
from email.message import EmailMessage

import docx
import openpyxl
import pptx
import pypdfium2
import pytest
from PIL import Image, ImageDraw
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from appliance.core.errors import InvalidRequest, Unsupported
from appliance.knowledge.intake.reading import extract
from appliance.knowledge.readers.formats import scans_can_be_read
from appliance.knowledge.readers.limits import DEFAULT_LIMITS

SMALL = replace(DEFAULT_LIMITS, cpu_s=20, wall_s=60.0, unzipped_bytes=20 << 20)


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def word(text="Rules"):
    document = docx.Document()
    document.add_paragraph(text)
    return saved(document)


def pdf(text="The fee is 5 yuan.", pages=1, encrypt=None, size=12):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=encrypt)
    for _page in range(pages):
        canvas.setFont("Helvetica", size)
        canvas.drawString(100, 700, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def repacked(archive, changes):
    """Return a zip with some parts replaced or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            new.writestr(name, content)
    return buffer.getvalue()


def refusal(tmp_path, name, content, limits=SMALL):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidRequest) as caught:
        extract(path, name, limits)
    assert name in str(caught.value)
    assert caught.value.hint is not None
    return caught.value.code


def slides(text="Rules"):
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = text
    return saved(presentation)


def sheet(*rows):
    workbook = openpyxl.Workbook()
    for row in rows or (("Item", "Fee"), ("Card", "5 yuan")):
        workbook.active.append(row)
    return saved(workbook)


def scan(pages=1):
    picture = Image.new("L", (600, 800), 255)
    ImageDraw.Draw(picture).text((100, 100), "The fee is 5 yuan.")
    buffer = io.BytesIO()
    picture.save(buffer, "PDF", save_all=True, append_images=[picture] * (pages - 1))
    return buffer.getvalue()


def png():
    buffer = io.BytesIO()
    Image.new("L", (9, 9)).save(buffer, "PNG")
    return buffer.getvalue()


def encrypted_office():
    """An OLE file as Office writes it for any document with a password."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0" * 20


def pdf_bomb(mebibytes=1 << 10):
    """A page whose content unpacks to so many MiB of blanks; each MiB packs to the same few bytes."""
    packer = zlib.compressobj(9)
    start, piece = (
        packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH),
        packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH),
    )
    stream = zlib.compress(start + piece * (mebibytes - 1), 9)
    head = (
        "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
        f"4 0 obj<</Filter[/FlateDecode/FlateDecode]/Length {len(stream)}>>stream\n"
    )
    return head.encode() + stream + b"\nendstream endobj\ntrailer<</Root 1 0 R>>"


def nested_mail(depth):
    inner = b"Content-Type: text/plain\n\nThe fee is 5 yuan.\n"
    for number in range(depth):
        mark = b"b%d" % number
        inner = b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n%s\n--%s--\n" % (mark, mark, inner, mark)
    return b"Subject: Fees\n" + inner


ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l9;</x>'
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize("attack", [ENTITIES, BOMB, EXTERNAL], ids=["entity", "bomb", "external"])
@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.docx", word(), "word/document.xml"),
        ("a.pptx", slides(), "ppt/slides/slide1.xml"),
        ("a.xlsx", sheet(), "xl/worksheets/sheet1.xml"),
    ],
    ids=["docx", "pptx", "xlsx"],
)
def test_entities_in_office_files_are_refused(tmp_path, name, content, part, attack):
    assert refusal(tmp_path, name, repacked(content, {part: attack})) == "unreadable_document"


@pytest.mark.parametrize(
    ("name", "content"), [("a.docx", word()), ("a.pptx", slides()), ("a.xlsx", sheet())], ids=["docx", "pptx", "xlsx"]
)
def test_a_zip_bomb_is_stopped_at_the_limit(tmp_path, name, content):
    bomb = repacked(content, {"media/image1.bin": b"\0" * (60 << 20)})
    assert len(bomb) < 200_000
    assert refusal(tmp_path, name, bomb) == "document_too_large"


def test_a_pdf_stream_that_unpacks_without_end_meets_the_limits(tmp_path):
    bomb = pdf_bomb()
    assert len(bomb) < 1 << 20
    # pdfium may stop unpacking by itself: the page then holds nothing.
    assert refusal(tmp_path, "bomb.pdf", bomb, replace(SMALL, memory_bytes=512 << 20)) in (
        "document_too_costly",
        "no_text",
    )


def test_an_archive_of_very_many_parts_is_refused(tmp_path):
    parts = {f"word/{number}.xml": b"" for number in range(200)}
    limits = replace(SMALL, zip_entries=100)
    assert refusal(tmp_path, "many.docx", repacked(word(), parts), limits) == "document_too_large"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", word()[:2000]),
        ("a.xlsx", saved(openpyxl.Workbook())[:1500]),
        ("a.pdf", pdf()[:200]),
        ("a.pptx", slides()[:3000]),
        ("a.docx", saved(openpyxl.Workbook())),
        ("a.xlsx", word()),
        ("a.pptx", word()),
        ("a.pptx", repacked(b"PK\x05\x06" + b"\0" * 18, {"notes.txt": b"words"})),
        ("a.txt", b"\xff\xfe\x00\xd8\x00\x00"),
        ("a.csv", b"\xff\xfe\x00\xd8\x00\x00"),
        ("a.eml", b"just some words, and no header\n"),
    ],
    ids=[
        "docx cut off",
        "xlsx cut off",
        "pdf cut off",
        "pptx cut off",
        "xlsx named docx",
        "docx named xlsx",
        "docx named pptx",
        "zip named pptx",
        "half a character",
        "half a character in csv",
        "no mail",
    ],
)
def test_damaged_and_mislabelled_files_are_refused(tmp_path, name, content):
    assert refusal(tmp_path, name, content) == "unreadable_document"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", b"", "empty_document"),
        ("a.md", b" \n ", "empty_document"),
        ("a.pdf", word(), "mislabelled_document"),
        ("a.md", pdf(), "mislabelled_document"),
        ("a.txt", b"text\x00\x01\x02", "mislabelled_document"),
        ("a.docx", pdf(), "mislabelled_document"),
        ("a.pptx", pdf(), "mislabelled_document"),
        ("a.pdf", png(), "mislabelled_document"),
        ("a.csv", sheet(), "mislabelled_document"),
        ("a.eml", pdf(), "mislabelled_document"),
        ("a.html", png(), "mislabelled_document"),
        ("a.csv", b"fee\x00,5\n", "mislabelled_document"),
        ("a.docx", encrypted_office(), "encrypted_document"),
        ("a.xlsx", encrypted_office(), "encrypted_document"),
        ("a.pptx", encrypted_office(), "encrypted_document"),
        ("a.pdf", pdf(encrypt=StandardEncryption("secret")), "encrypted_document"),
        ("a.docx", word(""), "no_text"),
        ("a.pptx", slides(""), "no_text"),
        ("a.csv", b",,,\n;;;\n", "no_text"),
    ],
)
def test_what_cannot_be_used_is_told_apart(tmp_path, name, content, code):
    assert refusal(tmp_path, name, content) == code


def test_a_pdf_of_empty_pages_is_said_to_hold_no_text(tmp_path):
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    assert refusal(tmp_path, "empty.pdf", saved(document)) == "no_text"


@pytest.mark.skipif(scans_can_be_read(), reason="text recognition is installed, and reads the scan")
def test_a_scan_is_named_one_and_the_hint_tells_of_the_extra(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(scan())
    with pytest.raises(InvalidRequest) as caught:
        extract(path, "scan.pdf", SMALL)
    assert caught.value.code == "no_text"
    assert "scan" in str(caught.value.message)
    assert '"ocr"' in str(caught.value.hint)


@pytest.mark.skipif(not scans_can_be_read(), reason="needs the extra ocr (rapidocr, onnxruntime)")
def test_a_scan_is_recognised_where_the_extra_is_installed(tmp_path):
    picture = pypdfium2.PdfDocument(pdf(size=24))[0].render(scale=3).to_pil()
    path = tmp_path / "file"
    picture.save(path, "PDF", resolution=216)
    extracted = extract(path, "scan.pdf")
    assert "The fee is 5 yuan." in extracted.text.replace("  ", " ")
    left, top, right, bottom = extracted.blocks[0].lines[0].box
    assert (left, bottom) == pytest.approx((100, 842 - 700), abs=15)
    assert (right - left, bottom - top) == pytest.approx((195, 24), abs=20)


@pytest.mark.skipif(scans_can_be_read(), reason="text recognition is installed, and reads the scan")
def test_scanned_pages_among_others_are_reported(tmp_path):
    document = pypdfium2.PdfDocument(pdf())
    document.import_pages(pypdfium2.PdfDocument(scan(2)))
    path = tmp_path / "file"
    path.write_bytes(saved(document))
    extracted = extract(path, "mixed.pdf")
    assert (extracted.pages, extracted.pictures, extracted.text) == (3, (2, 3), "The fee is 5 yuan.")


def test_a_pdf_of_5000_pages_is_refused(tmp_path):
    document = pypdfium2.PdfDocument.new()
    for _page in range(5000):
        document.new_page(200, 200)
    assert refusal(tmp_path, "long.pdf", saved(document), DEFAULT_LIMITS) == "document_too_large"


def test_too_much_text_is_refused(tmp_path):
    assert refusal(tmp_path, "a.txt", b"word " * 1000, replace(SMALL, characters=1000)) == "document_too_large"


@pytest.mark.parametrize("depth", [240, 10_000])
def test_html_nested_without_end_is_refused(tmp_path, depth):
    assert refusal(tmp_path, "deep.html", b"<div>" * depth + b"x") == "unreadable_document"


def test_html_that_spans_a_cell_over_everything_meets_the_limits(tmp_path):
    cell = b'<td colspan="99999" rowspan="99999">The fee is 5 yuan</td>'
    page = b"<table>" + b"<tr>" + cell * 200 + b"</tr>" + b"<tr><td>x</td></tr>" * 2000 + b"</table>"
    assert refusal(tmp_path, "wide.html", page) in ("document_too_large", "document_too_costly")


def test_a_line_of_csv_without_end_is_refused(tmp_path):
    assert refusal(tmp_path, "a.csv", b"x" * (50 << 20)) == "unreadable_document"


def test_a_csv_of_a_million_columns_is_refused(tmp_path):
    assert refusal(tmp_path, "a.csv", b"a,b\n" + b"1," * 1_000_000) == "document_too_large"


def test_a_mail_of_a_thousand_nested_parts_is_refused(tmp_path):
    assert refusal(tmp_path, "a.eml", nested_mail(1000)) == "unreadable_document"


def test_a_mail_with_a_giant_header_is_refused(tmp_path):
    mail = b"Subject: Fees\nTo: " + b"a@example.com, " * 100_000 + b"\n\nWords\n"
    assert refusal(tmp_path, "a.eml", mail) == "unreadable_document"


def test_mails_within_mails_are_read_to_a_depth(tmp_path):
    message = EmailMessage()
    message.set_content("Innermost words")
    for number in range(30):
        outer = EmailMessage()
        outer["Subject"] = f"Level {number}"
        outer.set_content("Forwarded")
        outer.add_attachment(message)
        message = outer
    path = tmp_path / "file"
    path.write_bytes(message.as_bytes())
    text = extract(path, "a.eml", SMALL).text
    assert "Level 26" in text
    assert "Innermost" not in text


def test_a_reader_that_takes_too_much_memory_dies_alone(tmp_path):
    content = b"# word\n\n" * 4000
    assert refusal(tmp_path, "a.md", content, replace(SMALL, memory_bytes=24 << 20)) == "document_too_costly"


def test_a_sheet_of_a_million_empty_rows_is_read(tmp_path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["Item", "Fee"])
    sheet.append(["Card", "5 yuan"])
    sheet.cell(1_048_576, 1).value = "far away"
    path = tmp_path / "file"
    path.write_bytes(saved(workbook))
    assert "Item: Card; Fee: 5 yuan" in extract(path, "a.xlsx", SMALL).text


def test_a_sheet_that_declares_the_largest_size_is_read(tmp_path):
    content = repacked(sheet(), {})
    part = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    part = re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', part)
    part = part.replace(
        "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A3:XFD1048576"/></mergeCells>'
    )
    path = tmp_path / "file"
    path.write_bytes(repacked(content, {"xl/worksheets/sheet1.xml": part}))
    assert extract(path, "a.xlsx", SMALL).text == "Sheet\nItem: Card; Fee: 5 yuan"


def test_unknown_types_are_named_unsupported(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"MZ")
    with pytest.raises((Unsupported, InvalidRequest)) as caught:
        extract(path, "setup.exe", SMALL)
    assert ".docx" in str(caught.value)
