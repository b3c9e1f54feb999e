import io
import struct
import zipfile
import zlib

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption

from appliance.core.errors import InvalidRequest, RequestError, Unsupported
from appliance.labels.files import find_label, label_content
from tests.unit.labels.conftest import SAMPLES, pdf, word


def repacked(changes, archive=SAMPLES["answer.docx"]):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(data):
    content = SAMPLES["answer.png"]
    end_of_head = 8 + 25
    return content[:end_of_head] + chunk(b"iTXt", data) + content[end_of_head:]


XMP = b"XML:com.adobe.xmp\x00"
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties">&b;</Properties>'
)
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
@pytest.mark.parametrize(
    "content",
    {
        "empty": b"",
        "blank": b"\x00\x00 \n",
        "zip cut": SAMPLES["answer.docx"][:2000],
        "zip without main part": repacked({"word/document.xml": None}),
        "no relations": repacked({"_rels/.rels": None}),
        "broken relations": repacked({"_rels/.rels": b"<Relationships"}),
        "zip bomb": repacked({"word/document.xml": b" " * (8 << 20)}, word("x")),
        "entities": repacked({"_rels/.rels": LAUGHS}),
        "entity of a file": repacked({"_rels/.rels": OUTSIDE}),
        "old office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "pdf cut": SAMPLES["answer.pdf"][:300],
        "pdf start only": b"%PDF-1.7\n",
        "pdf with password": pdf(encrypt=StandardEncryption("secret", ownerPassword="owner")),
        "png cut": SAMPLES["answer.png"][:60],
        "png signature only": SAMPLES["answer.png"][:8],
        "png huge length": SAMPLES["answer.png"][:33] + b"\xff\xff\xff\xffiTXt",
        "png altered": SAMPLES["answer.png"].replace(b"IDAT", b"IDAT\x00", 1),
        "png text bomb": png_with(XMP + b"\x01\x00\x00\x00" + zlib.compress(bytes(4 << 20))),
        "png text cut": png_with(XMP + b"\x00"),
        "png text no zlib": png_with(XMP + b"\x01\x00\x00\x00abc"),
        "png entities": png_with(XMP + b"\x00\x00\x00\x00" + LAUGHS),
        "jpeg cut": SAMPLES["answer.jpg"][:100],
        "jpeg signature only": b"\xff\xd8\xff\xe0",
        "jpeg without end": SAMPLES["answer.jpg"][:-2],
        "gif": b"GIF89a\x01\x00\x01\x00\x00\x00\x00",
        "executable": b"\x7fELF\x02\x01\x01\x00\x00",
        "undecodable": b"\xff\x81 \xff\xff",
    }.items(),
    ids=lambda item: item[0] if isinstance(item, tuple) else str(item),
)
def test_a_hostile_file_ends_in_a_sentence(label, content, write):
    with pytest.raises((InvalidRequest, Unsupported)) as refused:
        label_content(content[1], label) if write else find_label(content[1])
    assert str(refused.value.message)
    assert refused.value.hint is not None


def test_the_reason_is_that_of_the_fault():
    for content, told in (
        (b"", "empty"),
        (repacked({"word/document.xml": b" " * (8 << 20)}, word("x")), "larger than 500:1"),
        (SAMPLES["answer.png"][:60], "ends too early"),
        (pdf(encrypt=StandardEncryption("secret", ownerPassword="owner")), "password"),
        (b"GIF89a\x00", "carry no label"),
    ):
        with pytest.raises(RequestError, match=told):
            find_label(content)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_cut_is_read_or_refused(label, name):
    content = label_content(SAMPLES[name], label, name)
    for size in range(1, len(content), max(1, len(content) // 40)):
        try:
            find_label(content[:size], name)
        except RequestError:
            continue


def test_a_pdf_that_only_restricts_is_read_and_not_rewritten(label):
    restricted = pdf(encrypt=StandardEncryption("", ownerPassword="owner", canPrint=0))
    assert find_label(restricted).explicit is True
    with pytest.raises(InvalidRequest, match="password"):
        label_content(restricted, label)


def test_an_unreadable_label_is_told_and_replaced(label):
    content = SAMPLES["answer.html"].replace(b"<head>", b'<head><meta name=AIGC content="{">')
    found = find_label(content)
    assert found.label is None
    assert "cannot be read" in str(found.problems[0])
    assert find_label(label_content(content, label)).valid


def test_a_broken_entry_is_no_label_and_does_not_hide_a_new_one(label):
    content = b'---\nAIGC: {"Label":\n"1"}\n---\nGenerated by AI.\n'
    assert find_label(content, "a.md").label is None
    assert find_label(label_content(content, label, "a.md"), "a.md").valid


@pytest.mark.parametrize("page", [b"<body><p>Generated by AI</p></body>", b"<html a='<head>x", b"<!doctype html <p>x"])
def test_a_page_without_a_head_is_still_a_page(label, page):
    assert find_label(label_content(page, label)).label.produce_id == label.produce_id


def test_many_comments_are_read_in_one_pass():
    assert find_label(b"<!--a-->" * 5000 + b"x").format == "txt"
    assert find_label(b"<!--a-->" * 5000 + b"<html>").format == "html"


def test_properties_that_point_to_the_text_leave_it_alone(label):
    relations = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties" '
        b'Target="word/document.xml"/></Relationships>'
    )
    with pytest.raises(InvalidRequest, match="another part"):
        label_content(repacked({"_rels/.rels": relations}), label)


def test_an_archive_whose_places_are_wrong_is_refused():
    content = bytearray(SAMPLES["answer.docx"])
    end = content.rindex(b"PK\x05\x06")
    content[end + 16 : end + 20] = (len(content) * 2).to_bytes(4, "little")
    with pytest.raises(InvalidRequest):
        find_label(bytes(content))


def test_a_part_with_a_strange_name_stays_inside(label):
    odd = repacked({"../../evil.xml": b"<x/>"}, word())
    assert find_label(label_content(odd, label)).label == label


def test_deep_json_and_arrays_have_no_place(label):
    with pytest.raises(Unsupported, match="no place"):
        label_content(b"[1]", label)
    assert find_label(b"[" * 200_000, "a.txt").label is None
