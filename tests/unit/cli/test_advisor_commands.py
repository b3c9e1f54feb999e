"""`appliance advisor …`: what the gateway is asked, and what a person sees of its answer."""

import base64
import json

import pytest

ROOT = "/v1/scenarios/advisor"
PICTURE = b"\x89PNG picture"
CHART = {"name": "allocation", "title": "Allocation", "png_base64": base64.b64encode(PICTURE).decode(), "vega_lite": {}}
ANSWER = {"answer": "Line one\nLine two\x1b[2K", "figures": {}, "charts": [CHART, {**CHART, "name": "risk"}]}


@pytest.mark.parametrize(
    ("arguments", "method", "path"),
    [
        (("suitability", "C1", "P1", "20000"), "POST", "suitability"),
        (("fund", "P1", "--window", "1y"), "GET", "funds/P1/diagnosis"),
        (("account", "C1", "--as-of", "2026-10-30"), "GET", "accounts/C1/diagnosis"),
        (("allocation", "--client", "C1", "--method", "cvar"), "POST", "allocation"),
        (("chat", "help"), "POST", "chat"),
        (("notes", "--security", "S001"), "POST", "notes"),
    ],
)
def test_an_answer_is_read_as_text(run, gateway, arguments, method, path):
    gateway.answers[method, f"{ROOT}/{path}"] = (200, ANSWER)
    shown = run("advisor", *arguments)
    assert shown.code == 0, shown.err
    assert "Line two" in shown.out
    assert "\x1b[2K" not in shown.out
    told = run("advisor", *arguments, "--json").json
    assert told["charts"] == ["allocation", "risk"]


def test_charts_are_written(run, gateway, tmp_path):
    gateway.answers["GET", f"{ROOT}/accounts/C1/diagnosis"] = (200, ANSWER)
    chart = tmp_path / "mine.png"
    shown = run("advisor", "account", "C1", "--chart", str(chart))
    assert chart.read_bytes() == PICTURE
    assert (tmp_path / "mine-risk.png").read_bytes() == PICTURE
    assert "mine-risk.png" in shown.out.replace("\n", "")
    assert "charts=true" in gateway.asked[-1][1]
    assert run("advisor", "account", "C1", "--chart", str(tmp_path / "none" / "a.png")).code != 0


def test_an_allocation_from_a_file(run, gateway, tmp_path):
    gateway.answers["POST", f"{ROOT}/allocation"] = (200, ANSWER)
    file = tmp_path / "request.yaml"
    file.write_text("products: [P1, P2]\nlimits: {each_product: 0.6}\n", encoding="utf-8")
    assert run("advisor", "allocation", "--file", str(file)).code == 0
    file.write_text("- P1\n", encoding="utf-8")
    refused = run("advisor", "allocation", "--file", str(file))
    assert refused.code != 0
    assert "request.yaml" in refused.err.replace("\n", "")


def test_data_is_shown_and_supplied(run, gateway, tmp_path):
    table = {"name": "clients", "required": True, "file": "clients.csv", "sha256": "ab" * 32, "rows": 2, "columns": []}
    data = {"made_up": True, "usable": True, "reason": None, "tables": [table], "faults": [{"text": "row 3 is odd"}]}
    gateway.answers["GET", f"{ROOT}/data"] = (200, data)
    shown = run("advisor", "data")
    for text in ("clients.csv", "abababababab", "row 3 is odd", "made-up"):
        assert text in shown.out
    gateway.answers["POST", f"{ROOT}/data/clients"] = (200, {"table": "clients", "warnings": [], "missing": ["nav"]})
    file = tmp_path / "clients.csv"
    file.write_bytes(b"id\n1\n")
    assert "nav" in run("advisor", "data", "clients", str(file)).out
    assert run("advisor", "data", "clients").code != 0
    assert run("advisor", "data", "clients", str(tmp_path / "none.csv")).code != 0
    assert json.loads(run("advisor", "data", "--json").out) == data
