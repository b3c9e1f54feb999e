"""`appliance reports …`: what the gateway is asked, what a person sees, and what the shell is told."""

import base64
import json

import pytest

ROOT = "/v1/scenarios/reports"
JOB = {
    "id": "job_1", "state": "done", "template": "due-diligence", "title": "Report on A", "language": "en",
    "subject": "A\x1b[2K Ltd", "as_of": "2026-11-02", "folder": "folder_1", "created_at": "2026-11-02T01:02:03.000Z",
    "ended_at": None, "resumed": 0, "error": None, "version": 1, "sign_off_required": True, "sign_off": None,
    "steps": [{"name": "reading", "done": 2, "total": 2, "seconds": 1.25}],
    "sections": [{"id": "a", "title": "Assets", "state": "failed", "seconds": None, "fault": "no figures"}],
    "documents": [{"id": "f01", "name": "scan.pdf", "state": "done", "fault": "it has no text"}],
    "questions": [{"id": "q_1", "text": "In which unit?", "choices": ["元", "万元"]}], "gaps": [{}], "conflicts": [],
}  # fmt: skip


@pytest.fixture
def reports(gateway):
    """The gateway with one job and one folder."""
    folder = {"id": "folder_1", "name": "A", "subject": "", "files": [{"name": "a.csv"}]}
    gateway.answers |= {
        ("GET", f"{ROOT}/folders"): (200, {"data": [folder]}),
        ("POST", f"{ROOT}/folders"): (201, folder),
        ("POST", f"{ROOT}/folders/folder_1/files"): (201, folder),
        ("POST", f"{ROOT}/folders/folder_1/sample"): (200, {**folder, "sample": "company-3 en"}),
        ("POST", ROOT): (202, {**JOB, "state": "running"}),
        ("GET", f"{ROOT}/jobs"): (200, {"data": [{**JOB, "open_sections": 0}]}),
        ("GET", f"{ROOT}/jobs/job_1"): (200, JOB),
        ("POST", f"{ROOT}/jobs/job_1/answers"): (202, JOB),
        ("POST", f"{ROOT}/jobs/job_1/submission"): (202, {"version": 1, "sign_off": {"review": "rev_1"}}),
        ("GET", f"{ROOT}/jobs/job_1/files/pdf"): (200, b"%PDF-1.7"),
        ("DELETE", f"{ROOT}/jobs/job_1"): (200, {"id": "job_1", "deleted": True}),
    }
    return gateway


def asked(gateway):
    """Return method, address and body of what was asked last."""
    method, path, _headers, body = gateway.asked[-1]
    return method, path, json.loads(body) if body else None


def test_a_folder_of_this_machine_is_uploaded(run, reports, tmp_path):
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "b.csv").write_bytes(b"2")
    (papers / "a.csv").write_bytes(b"1")
    (papers / ".hidden").write_bytes(b"no")
    shown = run("reports", "upload", papers, "--subject", "A Ltd")
    assert shown.code == 0, shown.err
    assert "folder_1" in shown.out
    bodies = [json.loads(body) for method, path, _headers, body in reports.asked if path.endswith("/files")]
    assert [(one["name"], base64.b64decode(one["content_base64"])) for one in bodies] == [
        ("a.csv", b"1"), ("b.csv", b"2"),
    ]  # fmt: skip
    assert json.loads(reports.asked[0][3]) == {"name": "papers", "subject": "A Ltd"}
    assert run("reports", "upload", papers / "a.csv", "--folder", "folder_1", "--json").json["id"] == "folder_1"
    assert asked(reports)[1].endswith("/folder_1/files")


def test_there_must_be_files(run, reports, tmp_path):
    refused = run("reports", "upload", tmp_path / "none")
    assert refused.code == 7
    (tmp_path / "empty").mkdir()
    assert run("reports", "upload", tmp_path / "empty").code == 7
    assert reports.asked == []


def test_a_report_is_started_and_followed_to_its_end(run, reports):
    shown = run("reports", "start", "folder_1", "--template", "due-diligence", "--as-of", "2026-11-02", "--wait")
    assert shown.code == 0, shown.err
    assert json.loads(reports.asked[0][3]) == {
        "folder": "folder_1", "template": "due-diligence", "language": "zh_CN", "subject": "", "phrase": False,
        "as_of": "2026-11-02",
    }  # fmt: skip
    for text in (
        "job_1",
        "done",
        "reading: 2/2 · 1.2 s",
        "no figures",
        "it has no text",
        "q_1: In which unit? [元 / 万元]",
    ):
        assert text in shown.out
    assert "\x1b[2K" not in shown.out


def test_a_report_that_failed_is_told_to_the_shell(run, reports):
    reports.answers["GET", f"{ROOT}/jobs/job_1"] = (200, {**JOB, "state": "failed", "error": "the disk is full"})
    shown = run("reports", "status", "job_1")
    assert shown.code == 9
    assert "the disk is full" in shown.out
    assert run("reports", "status", "job_1", "--json").code == 9


def test_jobs_folders_and_templates_are_listed(run, reports):
    assert "job_1" in run("reports", "status").out
    assert run("reports", "status", "--json").json["jobs"][0]["id"] == "job_1"
    assert "folder_1" in run("reports", "folders").out
    row = {
        "name": "tiny", "version": "1", "title": "Short", "sign_off_required": True,
        "documents": [{"kind": "licence", "required": True}], "sections": [],
    }  # fmt: skip
    fault = {"name": "ours", "code": "config_error", "text": "line 3 is odd"}
    reports.answers["GET", f"{ROOT}/templates"] = (200, {"data": [row], "faults": [fault]})
    shown = run("reports", "templates")
    assert "licence*" in shown.out
    assert "line 3 is odd" in shown.out


def test_questions_are_answered(run, reports):
    assert run("reports", "answer", "job_1", "q_1=万元", "q_2=a = b").code == 0
    assert asked(reports)[2] == {"answers": {"q_1": "万元", "q_2": "a = b"}}
    assert run("reports", "answer", "job_1", "nothing").code == 7


def test_a_report_is_submitted_fetched_and_deleted(run, reports, tmp_path):
    assert "rev_1" in run("reports", "submit", "job_1").out
    file = tmp_path / "a.pdf"
    shown = run("reports", "download", "job_1", "--format", "pdf", "--draft", "--version", "2", "--file", file)
    assert shown.code == 0
    assert file.read_bytes() == b"%PDF-1.7"
    assert asked(reports)[1].endswith("/files/pdf?draft=true&version=2")
    for option, wanted in (("--comments", "true"), ("--no-comments", "false")):
        assert run("reports", "download", "job_1", "--format", "pdf", option, "--file", file).code == 0
        assert asked(reports)[1].endswith(f"/files/pdf?comments={wanted}")
    assert run("reports", "delete", "job_1", "--json").json["deleted"] is True


def test_what_is_not_signed_is_refused(run, reports, tmp_path):
    reports.refuse("GET", f"{ROOT}/jobs/job_1/files/pdf", 409, "not signed", "not_signed")
    file = tmp_path / "a.pdf"
    refused = run("reports", "download", "job_1", "--format", "pdf", "--file", file)
    assert refused.code == 7
    assert "not signed" in refused.err
    assert not file.exists()
    reports.answers["GET", f"{ROOT}/jobs/job_1/files/pdf"] = (200, b"%PDF")
    assert run("reports", "download", "job_1", "--format", "pdf", "--file", tmp_path / "no" / "a.pdf").code == 7


def test_a_report_of_a_made_up_company_needs_no_papers(run, reports):
    shown = run("reports", "sample", "--template", "due-diligence", "--report-language", "en", "--wait")
    assert shown.code == 0, shown.err
    assert "job_1" in shown.out
    posted = [(path, json.loads(body)) for method, path, _headers, body in reports.asked if method == "POST"]
    assert posted == [
        (f"{ROOT}/folders", {"name": "company-3 (en)", "subject": ""}),
        (f"{ROOT}/folders/folder_1/sample", {"sample": "company-3", "language": "en"}),
        (ROOT, {"folder": "folder_1", "template": "due-diligence", "language": "en"}),
    ]


def test_the_papers_of_a_made_up_company_are_made_once(run, reports):
    held = {"id": "folder_2", "name": "B", "subject": "", "files": [], "sample": "company-3 zh_CN"}
    reports.answers["GET", f"{ROOT}/folders"] = (200, {"data": [held]})
    assert run("reports", "sample", "--json").json["id"] == "folder_2"
    assert not [path for method, path, *_rest in reports.asked if method == "POST"]
    assert "folder_2" in run("reports", "sample").out
