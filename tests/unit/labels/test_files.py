import io
import json
import zipfile

import docx
import openpyxl
import pptx
import pypdf
import pytest
import yaml
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from appliance.core.errors import InvalidRequest, NotFound, Unsupported
from appliance.labels.content import make_label
from appliance.labels.files import find_label, label_content, read_label, write_label
from appliance.labels.formats import json_body, sse
from tests.unit.labels.conftest import FORMATS, NOTICE, SAMPLES, WITH_CODE, pdf, picture, word


def told(found):
    return [str(problem) for problem in found.problems]


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", SAMPLES)
def test_each_format_is_labelled_once_and_read_back(code, name):
    assert find_label(SAMPLES[name], name).label is None
    first = label_content(SAMPLES[name], make_label(code, "req_01"), name)
    second = label_content(first, make_label(code, "req_02"), name)
    found = find_label(second, name)
    assert found.valid, told(found)
    assert found.format == FORMATS[name]
    assert found.label.produce_id == "req_02"
    assert found.integrity == ("intact" if name in WITH_CODE else "no_code")
    everything = b"".join(parts(second).values()) if second.startswith(b"PK") else second
    assert everything.count(b"req_02") == 2
    assert b"req_01" not in everything


@pytest.mark.parametrize("name", SAMPLES)
def test_the_content_decides_and_not_the_name(label, name):
    if name == "answer.sse":  # a stream's ending may also be that of a text
        return
    content = label_content(SAMPLES[name], label)
    found = find_label(content, "answer.xlsx" if name != "answer.xlsx" else "answer.pdf")
    assert found.format == FORMATS[name]
    assert found.label.produce_id == label.produce_id
    assert told(found) == [f"the file is {FORMATS[name]}, not what its ending says"]


@pytest.mark.parametrize("name", sorted(WITH_CODE))
def test_a_changed_text_is_noticed_and_another_wrapping_is_not(label, name):
    content = label_content(SAMPLES[name], label, name)
    wrapped = content.replace(b"\r\n", b"\n").replace(b"\n", b"  \r\n") if name != "answer.html" else content + b"\n"
    assert find_label(wrapped, name).integrity == "intact"
    fee = b"5 yuan" if b"5 yuan" in content else "5 元".encode()
    changed = find_label(content.replace(fee, fee.replace(b"5", b"6")), name)
    assert changed.integrity == "changed"
    assert "the text is not the text that was labelled" in told(changed)


def test_a_missing_notice_is_told(label):
    for name, content in (("a.docx", word("费用")), ("a.pdf", pdf("Fees")), ("a.md", b"# Fees\n")):
        found = find_label(label_content(content, label, name), name)
        assert found.explicit is False
        assert told(found) == ["the notice for people is missing"]


def test_plain_text_gets_the_notice_in_the_language_of_the_moment(label):
    content = label_content("费用 5 元。\n".encode(), label, "a.txt").decode()
    assert content.splitlines()[:3] == ["费用 5 元。", "", NOTICE]
    assert json.loads(content.splitlines()[3])["AIGC"]["ProduceID"] == "req_01"


def test_a_word_file_keeps_every_other_part_and_property(label):
    before = word()
    once = label_content(before, label)
    other = parts(once)["docProps/custom.xml"].replace(b'name="AIGC"', b'name="Kind"')
    with_other = label_content(_with_part(once, "docProps/custom.xml", other), label)
    changed = {"[Content_Types].xml", "_rels/.rels", "docProps/custom.xml"}
    assert {n: c for n, c in parts(before).items() if n not in changed} == {
        n: c for n, c in parts(with_other).items() if n not in changed
    }
    custom = parts(with_other)["docProps/custom.xml"]
    assert b'pid="2" name="Kind"' in custom
    assert b'pid="3" name="AIGC"' in custom
    assert parts(with_other)["_rels/.rels"].count(b"custom-properties") == 1
    assert docx.Document(io.BytesIO(with_other)).core_properties.author == "Wang"


def test_office_programs_libraries_read_what_is_written(label):
    book = openpyxl.load_workbook(io.BytesIO(label_content(SAMPLES["answer.xlsx"], label)))
    assert json.loads(book.custom_doc_props["AIGC"].value) == label.fields()
    assert book.active["A1"].value == "费用"
    deck = pptx.Presentation(io.BytesIO(label_content(SAMPLES["answer.pptx"], label)))
    assert deck.slides[0].shapes.title.text == NOTICE


def _with_part(archive, name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for old, kept in parts(archive).items():
            if old != name:
                new.writestr(old, kept)
        new.writestr(name, content)
    return buffer.getvalue()


def test_a_pdf_shows_the_label_in_its_bytes_and_keeps_the_rest(label):
    content = label_content(SAMPLES["answer.pdf"], label)
    assert f"/AIGC ({label.to_value()})".encode() in content
    assert b"/ObjStm" not in content
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert reader.metadata.author == "Müller"
    assert reader.metadata.producer == pypdf.PdfReader(io.BytesIO(SAMPLES["answer.pdf"])).metadata.producer
    assert NOTICE in reader.pages[0].extract_text()


def test_brackets_in_a_pdf_label_come_back(code):
    content = label_content(pdf(), make_label(code, "a(b)(c"))
    assert find_label(content).label.produce_id == "a(b)(c"


def test_a_label_inside_an_object_stream_is_told_and_written_outside(label):
    found = find_label(_with_object_stream(label.to_value()))
    assert found.label == label
    assert any("object stream" in problem for problem in told(found))
    again = find_label(label_content(_with_object_stream(label.to_value()), label))
    assert not any("object stream" in problem for problem in told(again))


def _with_object_stream(value):
    """Return a PDF 1.5 whose Info dictionary is packed, as many programs write it."""
    out = io.BytesIO()
    places = {}

    def put(number, body):
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    out.write(b"%PDF-1.5\n")
    put(1, b"<</Type/Catalog/Pages 2 0 R>>")
    put(2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>")
    put(3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>")
    packed = b"5 0 <</AIGC(%s)>>" % value.encode()
    put(4, b"<</Type/ObjStm/N 1/First 4/Length %d>>stream\n%s\nendstream" % (len(packed), packed))
    start = out.tell()
    rows = [(0, 0, 255), *((1, places[n], 0) for n in (1, 2, 3, 4)), (2, 4, 0), (1, start, 0)]
    table = b"".join(bytes((kind,)) + place.to_bytes(2, "big") + bytes((last,)) for kind, place, last in rows)
    out.write(b"6 0 obj\n<</Type/XRef/Size 7/W[1 2 1]/Root 1 0 R/Info 5 0 R/Length %d>>stream\n" % len(table))
    out.write(table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


@pytest.mark.parametrize("name", ["answer.png", "answer.jpg"])
def test_a_picture_keeps_its_pixels_and_its_other_metadata(label, name):
    content = label_content(SAMPLES[name], label)
    before, after = Image.open(io.BytesIO(SAMPLES[name])), Image.open(io.BytesIO(content))
    assert ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox() is None
    assert after.getxmp()["xmpmeta"]["RDF"]["Description"]["AIGC"] == label.to_value()
    other = b' xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/x">'
    edited = _edited(content, name, other)
    found = find_label(label_content(edited, label))
    assert found.valid
    assert b'dc:format="image/x"' in label_content(edited, label)


def _edited(content, name, attributes):
    """Return the picture with one more XMP property, and another label in a second packet."""
    start = content.index(b"<?xpacket begin")
    end = content.index(b'<?xpacket end="w"?>') + 19
    packet = content[start:end].replace(b' rdf:about="">', b' rdf:about=""' + attributes, 1)
    if name.endswith("png"):
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        buffer = io.BytesIO()
        Image.open(io.BytesIO(content)).save(buffer, "PNG", pnginfo=info)
        edited = buffer.getvalue()
        assert told(find_label(edited)) == ["the file has 2 labels; one is allowed"]
        return edited
    return picture("JPEG", xmp=packet)


def test_front_matter_of_others_is_read_and_their_keys_stay(label):
    foreign = (
        b'---\ntitle: Fees # kept\nAIGC:\n    Label: AIGC\n    ProduceID: "0000"\n\n    ContentProducer: Some AI\n'
        b"tags:\n  - a\n---\nGenerated by AI.\n"
    )
    found = find_label(foreign, "a.md")
    assert (found.label.label, found.label.produce_id, found.label.content_producer) == ("AIGC", "0000", "Some AI")
    assert not found.valid
    written = label_content(foreign, label, "a.md").decode()
    assert written.endswith("title: Fees # kept\ntags:\n  - a\n---\nGenerated by AI.\n")
    keys = yaml.safe_load(written.split("---")[1])
    assert keys["AIGC"]["ProduceID"] == "req_01"
    assert keys["tags"] == ["a"]


def test_a_json_body_gets_the_member_and_clients_see_the_rest(label):
    body = {"id": "x", "aigc": {"old": 1}, "choices": []}
    assert json_body.labelled(body, label) == {"id": "x", "choices": [], "AIGC": label.fields()}
    assert body["aigc"] == {"old": 1}


def test_a_sealed_body_is_intact_when_its_keys_are_sorted_anew(label):
    body = json_body.sealed({"id": "x", "choices": [{"n": 0.5}]}, label)
    assert find_label(json.dumps(body, sort_keys=True, indent=2).encode()).integrity == "intact"
    assert find_label(json.dumps(body | {"id": "y"}).encode()).integrity == "changed"


def test_two_entries_in_the_front_matter_are_two_labels(label):
    line = f"AIGC: {label.to_value()}\n"
    found = find_label(f"---\n{line}{line}---\nGenerated by AI.\n".encode())
    assert told(found) == ["the file has 2 labels; one is allowed"]


def test_a_rule_across_the_page_is_no_front_matter(label):
    text = "---\nFees: 5 yuan.\nAnd: [more\n---\nGenerated by AI.\n"
    written = label_content(text.encode(), label, "a.md").decode()
    assert written == f"---\nAIGC: {find_label(written.encode()).label.to_value()}\n---\n{text}"


@pytest.mark.parametrize("name", ["a.csv", "a.py"])
def test_text_that_more_lines_would_damage_is_refused(label, name):
    with pytest.raises(Unsupported, match="no place"):
        label_content(b"a,b\n1,2\n", label, name)


def test_a_file_that_is_nothing_but_a_label_is_read(label):
    assert find_label(label.to_json().encode()).label == label
    assert find_label(label.to_value().encode()).label == label


def test_a_comment_labels_a_stream_whose_events_have_a_schema(label):
    content = b'event: answer\ndata: {"text": "5"}\n\n' + sse.comment(label).encode()
    assert find_label(content, "a.sse").label == label


def test_a_stream_that_breaks_off_is_told(label):
    content = label_content(SAMPLES["answer.sse"], label).replace(b"data: [DONE]", b"")
    assert told(find_label(content)) == ["the stream breaks off before its end"]


def test_a_page_is_labelled_in_its_head_only(label):
    tricky = f'<!-- <head> --><html lang=zh>\n<body><script>"<head>"</script><p>{NOTICE}</p>'.encode()
    written = label_content(tricky, label, "a.html").decode()
    assert written.startswith('<!-- <head> --><html lang=zh><meta name="AIGC" content="{&quot;')
    assert find_label(written.encode(), "a.html").valid
    hidden = b"<html><head></head><body><script>'Generated by AI'</script></body></html>"
    assert find_label(hidden).explicit is False


def test_a_file_is_labelled_in_its_place(tmp_path, label):
    file = tmp_path / "a.pdf"
    file.write_bytes(SAMPLES["answer.pdf"])
    file.chmod(0o640)
    write_label(file, label)
    assert read_label(file).valid
    assert file.stat().st_mode & 0o777 == 0o640
    file.write_bytes(b"%PDF-1.7 cut off")
    with pytest.raises(InvalidRequest):
        write_label(file, label)
    assert file.read_bytes() == b"%PDF-1.7 cut off"
    with pytest.raises(NotFound):
        read_label(tmp_path / "none.pdf")
