"""Lines for other systems, and an export that is checked with nothing but the public key."""

import json
import re

import pytest

from appliance.core.errors import ConfigError
from appliance.state.audit.export import export, sealing_line
from appliance.state.audit.exported import ExportedSource
from appliance.state.audit.faults import Report
from appliance.state.audit.formats import cef, rfc5424
from appliance.state.audit.records import NewRecord
from appliance.state.audit.search import record_with_content
from appliance.state.audit.source import DatabaseSource
from appliance.state.audit.verify import verify


@pytest.fixture
def lines(local_desk):
    """Give an export of records 3 to 10 of 12 in JSON lines; there is a checkpoint at 5."""
    local_desk.fill(5)
    local_desk.log.checkpoint()
    local_desk.fill(7)
    return exported(local_desk, 3, 10)


def exported(desk, first, last):
    source = DatabaseSource(desk.database)
    pieces = list(export(source, "jsonl", first, last, "bank-01"))
    texts = [line for _record, more in pieces for line in more]
    seal = sealing_line(source, desk.log, desk.keys.public_keys(), first, pieces[-1][0])
    return [*texts, *([seal] if seal else [])]


def faults(desk, lines, tmp_path):
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = next(e for e in verify(ExportedSource(path), desk.keys.public_keys()) if isinstance(e, Report))
    return [(fault.kind, fault.first, fault.last) for fault in report.faults]


def test_an_export_is_whole(lines, local_desk, tmp_path):
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds == ["record"] * 3 + ["checkpoint"] + ["record"] * 5 + ["export"]
    assert "content" not in json.loads(lines[0])
    assert faults(local_desk, lines, tmp_path) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda lines: lines[1:], [("missing", 3, 3)]),
        (lambda lines: lines[:4] + lines[6:], [("missing", 6, 7)]),
        (lambda lines: lines[:-2] + lines[-1:], [("cut", 10, 10)]),
        (lambda lines: lines[:-1], [("head_missing", 10, 10)]),
        (lambda lines: [lines[1], lines[0], *lines[2:]], [("reordered", 3, 3)]),
        (lambda lines: [lines[0].replace("retail", "rentals"), *lines[1:]], [("changed", 3, 3)]),
        (lambda lines: [lines[0][:-9], *lines[1:]], [("line_unreadable", 1, 1), ("missing", 3, 3)]),
        (
            lambda lines: [*lines[:-1], lines[-1].replace('"seq":10', '"seq":9')],
            [("head_forged", 9, 9), ("added", 10, 10)],
        ),
        (lambda lines: ["[]", *lines], [("line_unreadable", 1, 1)]),
        (lambda lines: [*lines, lines[0]], [("reordered", 3, 3)]),
    ],
)
def test_every_change_of_an_export_is_found(lines, local_desk, tmp_path, change, found):
    assert faults(local_desk, change(lines), tmp_path) == found


def test_a_log_with_faults_is_exported_without_a_signature(local_desk, tmp_path):
    local_desk.fill(6)
    local_desk.sql("UPDATE audit_records SET actor='x' WHERE seq=5")
    assert [json.loads(line)["type"] for line in exported(local_desk, 1, 3)] == ["record"] * 3
    assert faults(local_desk, exported(local_desk, 1, 6), tmp_path) == [("changed", 5, 5), ("head_missing", 6, 6)]


def test_an_export_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        ExportedSource(tmp_path / "none.jsonl")


@pytest.fixture
def awkward(local_desk):
    """Give a record full of the signs that the formats use themselves."""
    local_desk.log.append(
        [
            NewRecord(
                "admin.key.created",
                "r1",
                "retail",
                'a"b\\c]d',
                "admin",
                "create|key",
                "x=y\nz",
                "refused",
                {"名称": "柜台=1"},
            )
        ]
    )
    return record_with_content(local_desk.database, 1)


def test_cef_escapes_its_own_signs(awkward):
    line = cef(awkward)
    assert "\n" not in line
    head, extension = re.fullmatch(
        r"(CEF:0\|(?:[^|\\]|\\.)*\|(?:[^|\\]|\\.)*\|(?:[^|\\]|\\.)*\|.*?\|7)\|(.*)", line
    ).groups()
    assert head.endswith(r"|admin.key.created|create\|key|7")
    assert r"request=x\=y\nz " in extension
    assert r'suser=a"b\\c]d ' in extension
    assert r"柜台\=1" in extension
    assert "cs1Label=tenant cs1=retail" in extension


def test_syslog_lines_are_those_of_rfc_5424(awkward):
    line = rfc5424(awkward, "bank 01")
    head = r"<(\d+)>1 (\S+) (\S+) appliance - admin\.key\.created \[audit@32473 (.*)\] \ufeff(.*)"
    priority, at, host, elements, body = re.fullmatch(head, line).groups()
    assert int(priority) == 13 * 8 + 4
    assert (at, host, body) == (awkward.at, "bank_01", awkward.data)
    values = dict(re.findall(r'(\w+)="((?:[^"\\\]]|\\.)*)"', elements))
    assert values["actor"] == r"a\"b\\c\]d"
    assert values["target"] == "x=y z"
    assert values["seq"] == "1"
