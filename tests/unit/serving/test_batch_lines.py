"""What an input file must be."""

import json

import pytest

from appliance.serving.batch.lines import MOST_FAULTS, Limits, read_lines, request_body
from tests.unit.serving.batch_desk import CHAT, line

LIMITS = Limits(rows=5, line_bytes=500)


def read(tmp_path, content, limits=LIMITS):
    path = tmp_path / "in.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path, *read_lines(path, CHAT, limits)


def test_lines_are_found_by_their_places(tmp_path):
    bodies = [{"model": "m", "n": number, "text": "中文"} for number in range(3)]
    texts = [json.dumps(json.loads(line(f"r{n}", body)), ensure_ascii=False) for n, body in enumerate(bodies)]
    path, lines, faults = read(tmp_path, f"{texts[0]}\r\n\n  \n{texts[1]}\n{texts[2]}")
    assert faults == []
    assert [(one.number, one.custom_id) for one in lines] == [(1, "r0"), (4, "r1"), (5, "r2")]
    assert [json.loads(request_body(path, one)) for one in lines] == bodies


@pytest.mark.parametrize(
    ("wrong", "code", "param"),
    [
        ("{", "invalid_json_line", None),
        ("[1]", "invalid_json_line", None),
        ("\ufeff{}", "invalid_json_line", None),
        (b"\xff{}", "invalid_json_line", None),
        ("[" * 100_000, "line_too_long", None),
        ('{"a":' + "[" * 100 + "]" * 100 + "}", "nested_too_deep", None),
        ("1" * 450, "invalid_json_line", None),
        ("{}", "invalid_custom_id", "custom_id"),
        (line(""), "invalid_custom_id", "custom_id"),
        (line("x" * 257), "invalid_custom_id", "custom_id"),
        (line("a\u0000b"), "invalid_custom_id", "custom_id"),
        (line("\ud800"), "invalid_custom_id", "custom_id"),
        (line(7), "invalid_custom_id", "custom_id"),
        (line("good"), "duplicate_custom_id", "custom_id"),
        (line("r", method="GET"), "invalid_method", "method"),
        (line("r", url="/v1/embeddings"), "mismatched_url", "url"),
        (line("r", url="/v1/keys"), "mismatched_url", "url"),
        (line("r", body=[]), "invalid_body", "body"),
        (line("r", {"stream": True}), "stream_not_supported", "body.stream"),
        (line("r", {"stream": "yes"}), "stream_not_supported", "body.stream"),
        (line("r", {"text": "x" * 500}), "line_too_long", None),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path, wrong, code, param):
    raw = wrong if isinstance(wrong, bytes) else wrong.encode()
    _path, lines, faults = read(tmp_path, line("good").encode() + b"\n" + raw + b"\n" + line("after").encode())
    assert lines == []
    assert [(fault.code, fault.line, fault.param) for fault in faults] == [(code, 2, param)]
    assert all(fault.message.render("en") for fault in faults)


@pytest.mark.parametrize("content", ["\n \n", ""])
def test_a_file_without_requests(tmp_path, content):
    _path, lines, faults = read(tmp_path, content)
    assert (lines, [(fault.code, fault.line) for fault in faults]) == ([], [("empty_file", None)])


def test_as_many_rows_as_may_be_and_one_more(tmp_path):
    rows = [line(f"r{number}") for number in range(6)]
    assert len(read(tmp_path, "\n".join(rows[:5]))[1]) == 5
    _path, lines, faults = read(tmp_path, "\n".join(rows))
    assert (lines, [fault.code for fault in faults]) == ([], ["too_many_rows"])


def test_only_so_many_faults_are_told(tmp_path):
    _path, _lines, faults = read(tmp_path, "{\n" * 1000, Limits(2000, 500))
    assert [fault.line for fault in faults] == list(range(1, MOST_FAULTS + 1))
