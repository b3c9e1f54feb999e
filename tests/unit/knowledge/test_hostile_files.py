import io
import zipfile
from dataclasses import replace

import docx
import openpyxl
import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from appliance.core.errors import InvalidRequest, Unsupported
from appliance.knowledge.limits import DEFAULT_LIMITS
from appliance.knowledge.reading import extract

SMALL = replace(DEFAULT_LIMITS, cpu_s=20, wall_s=60.0, unzipped_bytes=20 << 20)


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def word(text="Rules"):
    document = docx.Document()
    document.add_paragraph(text)
    return saved(document)


def pdf(text="The fee is 5 yuan.", pages=1, encrypt=None):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=encrypt)
    for _page in range(pages):
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


ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize("attack", [ENTITIES, EXTERNAL])
def test_entities_in_office_files_are_refused(tmp_path, attack):
    assert refusal(tmp_path, "a.docx", repacked(word(), {"word/document.xml": attack})) == "unreadable_document"


def test_a_zip_bomb_is_stopped_at_the_limit(tmp_path):
    bomb = repacked(word(), {"word/media/image1.bin": b"\0" * (60 << 20)})
    assert len(bomb) < 200_000
    assert refusal(tmp_path, "bomb.docx", bomb) == "document_too_large"


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
        ("a.docx", saved(openpyxl.Workbook())),
        ("a.xlsx", word()),
        ("a.txt", b"\xff\xfe\x00\xd8\x00\x00"),
    ],
    ids=["docx cut off", "xlsx cut off", "pdf cut off", "xlsx named docx", "docx named xlsx", "half a character"],
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
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100, "encrypted_document"),
        ("a.pdf", pdf(encrypt=StandardEncryption("secret")), "encrypted_document"),
        ("a.docx", word(""), "no_text"),
    ],
)
def test_what_cannot_be_used_is_told_apart(tmp_path, name, content, code):
    assert refusal(tmp_path, name, content) == code


def test_a_pdf_of_pictures_only_is_said_to_hold_no_text(tmp_path):
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    assert refusal(tmp_path, "scan.pdf", saved(document)) == "no_text"


def test_a_pdf_of_too_many_pages_is_refused(tmp_path):
    assert refusal(tmp_path, "long.pdf", pdf(pages=12), replace(SMALL, pages=10)) == "document_too_large"


def test_too_much_text_is_refused(tmp_path):
    assert refusal(tmp_path, "a.txt", b"word " * 1000, replace(SMALL, characters=1000)) == "document_too_large"


def test_html_nested_without_end_is_refused_or_read(tmp_path):
    assert refusal(tmp_path, "deep.html", b"<div>" * 240 + b"x") == "unreadable_document"


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


def test_unknown_types_are_named_unsupported(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"MZ")
    with pytest.raises((Unsupported, InvalidRequest)) as caught:
        extract(path, "setup.exe", SMALL)
    assert ".docx" in str(caught.value)
