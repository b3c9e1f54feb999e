"""Reports as a bank's officer makes them: over HTTP, signed by another, with killed processes and hostile papers."""

import base64
import io
import json
import os
import sys
from pathlib import Path

import docx
import pypdfium2
import pytest

# The attack is a program of its own beside the package, and so are its modules.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from kill import replicas

from scenarios.reports.samples.companies import company
from scenarios.reports.samples.folders import write_folder
from tests.gateway.documents import ok
from tests.gateway.stack import wait_until

REPORTS = "/v1/scenarios/reports"
FILES = ("docx", "pdf", "md", "html", "evidence", "evidence-html")
MACHINERY = "岚川恒拓精密机械股份有限公司"
STEPS = ("reading", "examining", "analysing", "writing", "assembling", "rendering")
BROKEN = "{% for row in rows %}"


def key_of(stack, name, *more):
    made = stack.cli("key", "create", name, *more, "--json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["key"]


@pytest.fixture(scope="module")
def officer(stack):
    """The client of an officer, who may even decide about answers: but not about those of the same key."""
    with stack.client(key_of(stack, f"officer-{os.getpid()}", "--role", "admin")) as client:
        yield client


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """The 25 papers of the machinery company."""
    folder = tmp_path_factory.mktemp("papers")
    write_folder(company(3), folder)
    return sorted(folder.iterdir())


def put(http, folder, name, content):
    body = {"name": name, "content_base64": base64.b64encode(content).decode()}
    return http.post(f"{REPORTS}/folders/{folder}/files", json=body)


def filled(http, files, **more):
    """Return the id of a folder with the files that are given by name."""
    folder = ok(http.post(f"{REPORTS}/folders", json={"name": "Papers", **more}), 201)["id"]
    for name, content in files.items():
        ok(put(http, folder, name, content), 201)
    return folder


def sample(http, name, language="zh_CN"):
    folder = filled(http, {})
    ok(http.post(f"{REPORTS}/folders/{folder}/sample", json={"sample": name, "language": language}))
    return folder


def start(http, folder, template="due-diligence", **more):
    return ok(http.post(REPORTS, json={"folder": folder, "template": template, **more}), 202)


def shown(http, job_id):
    return ok(http.get(f"{REPORTS}/jobs/{job_id}"))


def ended(http, job_id, timeout_s=150, seen=None):
    """Return a job once it has ended; what it says until then goes to `seen`."""

    def look():
        job = shown(http, job_id)
        if seen is not None:
            seen.append(job)
        return job if job["state"] in ("done", "failed") else None

    return wait_until(look, timeout_s, 0.25)


def refused(response, status, code):
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code), response.text
    return error["message"]


def fetch(http, job_id, form, **params):
    return http.get(f"{REPORTS}/jobs/{job_id}/files/{form}", params=params)


def pages_of(content):
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_range() for page in document]


def sentences_of(evidence):
    blocks = [block for section in evidence["sections"] for block in section["blocks"]]
    return [one for block in blocks if block["type"] == "paragraph" for one in block["sentences"]]


@pytest.fixture(scope="module")
def told():
    """All that was said of the large job while it ran."""
    return []


@pytest.fixture(scope="module")
def made(officer, papers, told):
    """The job of a whole due-diligence report, ended."""
    folder = filled(officer, {path.name: path.read_bytes() for path in papers})
    return ended(officer, start(officer, folder)["id"], seen=told)


def test_the_tour_has_made_a_report(stack):
    (row,) = [row for row in stack.tour["rows"] if "/reports/" in row["endpoint"]]
    assert row["ok"], row
    saved = {path.suffix for path in (stack.home / "tour").iterdir() if "company-3" in path.name}
    assert {".docx", ".pdf", ".json"} <= saved


def test_a_folder_of_papers_becomes_a_report_with_progress_for_each_section(made, told):
    assert (made["state"], made["error"], made["version"], made["render_faults"]) == ("done", None, 1, {})
    assert made["subject"] == MACHINERY
    assert tuple(one["name"] for one in made["steps"]) == STEPS
    assert len(made["documents"]) == 25
    assert all(one["fault"] is None and one["kind"] for one in made["documents"])
    assert len(made["sections"]) > 15
    assert all(one["state"] == "done" and one["seconds"] is not None for one in made["sections"])
    assert (made["untraced"], made["untraced_texts"]) == (0, [])
    assert made["conflicts"]
    assert made["gaps"]
    running = [job for job in told if job["state"] == "running"]
    assert any(0 < step["done"] < step["total"] for job in running for step in job["steps"])
    states = [{one["state"] for one in job["sections"]} for job in running]
    assert {"waiting", "done"} in states or {"waiting"} in states


def test_nothing_leaves_unsigned_but_a_marked_draft(officer, stack, made, caller_key):
    assert made["sign_off_required"] is True
    for form in FILES:
        refused(fetch(officer, made["id"], form), 409, "not_signed")
    draft = fetch(officer, made["id"], "pdf", draft="true")
    pages = pages_of(draft.content)
    assert len(pages) >= 50
    assert all("草稿" in page for page in pages)
    with stack.client(caller_key) as other:  # of the same tenant, and no supervisor
        refused(other.get(f"{REPORTS}/jobs/{made['id']}"), 404, "job_not_found")


def test_only_another_person_signs_and_then_every_format_leaves(officer, http, made):
    waiting = ok(officer.post(f"{REPORTS}/jobs/{made['id']}/submission", json={}), 202)
    review = waiting["sign_off"]["review"]
    assert review in {one["id"] for one in ok(http.get("/v1/reviews"))["data"]}
    assert officer.post(f"/v1/reviews/{review}/approve", json={}).status_code == 403
    refused(fetch(officer, made["id"], "pdf"), 409, "not_signed")
    text = ok(http.get(f"/v1/reviews/{review}"))
    assert MACHINERY in text["answer"]
    ok(http.post(f"/v1/reviews/{review}/approve", json={}))
    assert shown(officer, made["id"])["sign_off"]["status"] == "approved"

    files = {form: fetch(officer, made["id"], form) for form in FILES}
    assert {one.status_code for one in files.values()} == {200}
    word = docx.Document(io.BytesIO(files["docx"].content))
    assert len(word.tables) > 20
    assert len(word.inline_shapes) > 3
    assert any(MACHINERY in paragraph.text for paragraph in word.paragraphs)
    pages = pages_of(files["pdf"].content)
    assert len(pages) >= 50
    assert not any("草稿" in page for page in pages)
    assert MACHINERY in files["md"].text
    assert "<html" in files["html"].text
    assert "<html" in files["evidence-html"].text
    assert sentences_of(files["evidence"].json())
    assert "filename" in files["docx"].headers["content-disposition"]


def test_every_sentence_of_the_evidence_leads_to_a_paper(officer, made, papers):
    evidence = fetch(officer, made["id"], "evidence", version=1).json()
    sentences = sentences_of(evidence)
    stating = [one for one in sentences if one["kind"] not in ("text", "gap")]
    sourced = [one for one in stating if one["places"] or one["figures"] or one["rests_on"]]
    assert len(stating) > 100
    assert len(sourced) >= 0.95 * len(stating)
    names = {path.name for path in papers}
    assert {place["name"] for place in evidence["places"].values() if place["sha256"]} <= names
    assert {name for one in sentences for name in one["places"]} <= set(evidence["places"])
    assert {name for one in sentences for name in one["figures"]} <= set(evidence["figures"])


def test_a_section_that_is_written_anew_is_a_version_that_nobody_has_signed(officer, made):
    section = made["sections"][2]["id"]
    ok(officer.post(f"{REPORTS}/jobs/{made['id']}/sections/{section}", json={}), 202)
    again = ended(officer, made["id"])
    assert (again["version"], again["sign_off"]) == (2, None)
    refused(fetch(officer, made["id"], "docx"), 409, "not_signed")
    assert fetch(officer, made["id"], "docx", version=1).status_code == 200
    newest, first = ok(officer.get(f"{REPORTS}/jobs/{made['id']}/versions"))["data"]
    assert (newest["why"], newest["section"], first["sign_off"]["status"]) == ("section", section, "approved")


def test_a_person_changes_a_paragraph_and_the_difference_is_shown(officer, made):
    places = f"{REPORTS}/jobs/{made['id']}/sections"
    section, block = next(
        (one["id"], at)
        for one in made["sections"]
        for at, block in enumerate(ok(officer.get(f"{places}/{one['id']}"))["section"]["blocks"], 1)
        if block["type"] == "paragraph"
    )
    body = {"paragraph": block, "text": "公司总资产为987654321.12元。"}
    refused(officer.patch(f"{places}/{section}", json=body), 400, "numbers_untraced")
    kept = ok(officer.patch(f"{places}/{section}", json={"paragraph": block, "text": "总体情况良好，另见各节。"}))
    assert kept["version"] == 3
    found = ok(officer.get(f"{REPORTS}/jobs/{made['id']}/differences", params={"before": 2, "after": 3}))
    changed = [one for one in found["sections"] if one["change"] != "same"]
    assert [one["id"] for one in changed] == [section]
    assert any(one["op"] == "insert" and "另见各节" in one["text"] for one in changed[0]["parts"])


def test_remarks(officer, http, made):
    remark = {"text": "请核实应收账款账龄。", "section": made["sections"][1]["id"]}
    ok(officer.post(f"{REPORTS}/jobs/{made['id']}/comments", json=remark), 201)
    ok(http.post(f"{REPORTS}/jobs/{made['id']}/comments", json={"text": "Checked."}), 201)
    found = ok(officer.get(f"{REPORTS}/jobs/{made['id']}/comments"))["data"]
    assert [one["text"] for one in found] == ["请核实应收账款账龄。", "Checked."]


def balance_sheet(unit, name=MACHINERY):
    rows = [
        ["资产负债表", "", ""], [f"编制单位：{name}", "2025年12月31日", unit], ["项目", "期末余额", "上年年末余额"],
        ["流动资产合计", "1,000.00", "900.00"], ["资产总计", "1,000.00", "900.00"],
        ["流动负债合计", "600.00", "500.00"], ["负债合计", "600.00", "500.00"],
        ["所有者权益合计", "400.00", "400.00"], ["负债和所有者权益总计", "1,000.00", "900.00"],
    ]  # fmt: skip
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode()


def test_what_no_paper_says_is_asked_and_the_answer_is_used(officer):
    folder = filled(officer, {"资产负债表-2025.csv": balance_sheet("")})
    job = ended(officer, start(officer, folder)["id"])
    question = next(one for one in job["questions"] if "万元" in one["choices"])
    answers = {"answers": {question["id"]: "万元"}}
    ok(officer.post(f"{REPORTS}/jobs/{job['id']}/answers", json=answers), 202)
    answered = ended(officer, job["id"])
    assert (answered["state"], answered["version"]) == ("done", 2)
    assert question["id"] not in {one["id"] for one in answered["questions"]}
    draft = fetch(officer, job["id"], "md", draft="true").text
    assert "1,000.00万元" in draft or "1,000万元" in draft


def test_a_job_ends_though_its_worker_is_killed_half_way(stack, officer, papers):
    some = {path.name: path.read_bytes() for path in papers if path.suffix in (".pdf", ".docx")}
    job = start(officer, filled(officer, some))["id"]
    killed = 0

    def struck():
        nonlocal killed
        for process in replicas(stack.home, "ray::_work"):
            process.kill()
            killed += 1
        return killed or shown(officer, job)["state"] != "running"

    wait_until(struck, 60, 0.02)
    assert killed
    done = ended(officer, job)
    assert (done["state"], done["error"], done["version"]) == ("done", None, 1)
    assert all(one["fault"] is None for one in (*done["documents"], *done["sections"]))


def test_a_job_is_taken_up_again_when_its_replica_is_killed(stack, officer, papers):
    job = start(officer, filled(officer, {path.name: path.read_bytes() for path in papers[:12]}))["id"]
    wait_until(lambda: any(one["state"] == "done" for one in shown(officer, job)["documents"]), 60, 0.1)
    (replica,) = replicas(stack.home, "ray::ServeReplica:scenario-reports:")
    replica.kill()

    def over():
        answer = officer.get(f"{REPORTS}/jobs/{job}")
        told = answer.json() if answer.status_code == 200 else {"state": None}
        return told if told["state"] in ("done", "failed") else None

    done = wait_until(over, 180, 0.5)
    assert (done["state"], done["error"], done["version"]) == ("done", None, 1)
    assert done["resumed"] == 1


def test_another_tenant_sees_nothing_of_it(stack, made):
    tenant = f"elsewhere-{os.getpid()}"
    key = key_of(stack, "stranger", "--role", "admin", "--tenant", tenant)
    with stack.client(key) as stranger:
        assert ok(stranger.get(f"{REPORTS}/folders"))["data"] == []
        assert ok(stranger.get(f"{REPORTS}/jobs"))["data"] == []
        for path in ("", "/versions", "/comments", "/files/pdf?draft=true", f"/sections/{made['sections'][0]['id']}"):
            assert stranger.get(f"{REPORTS}/jobs/{made['id']}{path}").status_code == 404
        assert stranger.post(f"{REPORTS}/jobs/{made['id']}/submission", json={}).status_code == 404
        assert stranger.post(REPORTS, json={"folder": made["folder"], "template": "due-diligence"}).status_code == 404
        assert stranger.delete(f"{REPORTS}/folders/{made['folder']}").status_code == 404


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b.pdf", "a\\b.pdf", ".hidden", "a\x00.pdf", "\u202efdp.exe", "长" * 100 + ".pdf"]
)
def test_a_hostile_name_is_refused(officer, name):
    folder = filled(officer, {})
    answer = put(officer, folder, name, b"content")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == "name"
    assert ok(officer.get(f"{REPORTS}/folders/{folder}"))["files"] == []


def test_a_file_that_is_too_large_is_refused(officer):
    folder = filled(officer, {})
    assert put(officer, folder, "large.pdf", bytes(41 * 2**20)).status_code == 413
    assert ok(officer.get(f"{REPORTS}/folders/{folder}"))["files"] == []


def test_papers_of_another_company_are_refused_by_name(officer):
    folder = filled(officer, {"报表.csv": balance_sheet("单位：元", "北汀仪器集团有限公司")}, subject=MACHINERY)
    job = ended(officer, start(officer, folder)["id"])
    assert (job["state"], job["version"]) == ("failed", None)
    for word in ("北汀仪器集团有限公司", MACHINERY, "报表.csv"):
        assert word in job["error"]


def test_hostile_files_are_named_and_the_report_stands(officer, papers):
    bad = {"坏.xlsx": b"PK\x03\x04 broken", "空.pdf": b"%PDF-1.7\n", "噪.docx": os.urandom(5000)}
    good = {path.name: path.read_bytes() for path in papers if path.name.startswith("营业执照")}
    job = ended(officer, start(officer, filled(officer, {**bad, **good}))["id"])
    assert (job["state"], job["error"]) == ("done", None)
    assert {one["name"] for one in job["documents"] if one["fault"]} == set(bad)
    assert job["untraced"] == 0


def test_a_broken_word_template_is_named_with_its_place_and_the_pdf_is_there(stack, officer):
    place = stack.home / "reports" / "templates" / "contract-check"
    place.mkdir(parents=True, exist_ok=True)
    word = docx.Document()
    word.add_paragraph(BROKEN)
    word.save(place / "template.docx")
    try:
        job = ended(officer, start(officer, sample(officer, "contract"), "contract-check")["id"])
        assert (job["state"], list(job["render_faults"])) == ("done", ["docx"])
        assert "template.docx" in job["render_faults"]["docx"]
        assert pages_of(fetch(officer, job["id"], "pdf").content)
    finally:
        (place / "template.docx").unlink()
        place.rmdir()
    assert fetch(officer, job["id"], "docx").status_code == 200


def test_a_faulty_outline_of_the_bank_is_named_and_refused(stack, officer):
    place = stack.home / "reports" / "templates" / "ours"
    place.mkdir(parents=True)
    (place / "outline.yaml").write_text("name: ours\nsections: {}\n", encoding="utf-8")
    try:
        folder = filled(officer, {"报表.csv": balance_sheet("单位：元")})
        answer = officer.post(REPORTS, json={"folder": folder, "template": "ours"})
        assert answer.status_code >= 400
        assert "outline.yaml" in answer.json()["error"]["message"]
        assert "ours" in {one["name"] for one in ok(officer.get(f"{REPORTS}/templates"))["faults"]}
    finally:
        (place / "outline.yaml").unlink()
        place.rmdir()


def test_a_contract_is_checked_and_valuations_are_reconciled(officer):
    contract = start(officer, sample(officer, "contract"), "contract-check", options={"standard": "loan"})["id"]
    valuation = start(officer, sample(officer, "valuation", "en"), "valuation-reconciliation", language="en")["id"]
    for job_id, word in ((contract, "借款"), (valuation, "SP0108")):
        job = ended(officer, job_id)
        assert (job["state"], job["error"], job["untraced"]) == ("done", None, 0)
        assert job["sign_off_required"] is False
        assert word in fetch(officer, job_id, "md").text
