"""Sign-off and files: what leaves unsigned, what does not, and that a signature is of one version only."""

import io
import json
import zipfile

import pypdfium2
import pytest
from docx import Document

from appliance.core.errors import Conflict, PermissionDenied, Unavailable
from appliance.labels.files import find_label
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER
from tests.unit.scenario.reports.api.conftest import COMPANY, PAPERS, Office, write_tiny

EDITOR = A_CALLER.__class__("a", "editor", "lma-editor")
FORMATS = ("docx", "pdf", "md", "html", "evidence", "evidence-html")


async def fetch(office, job, form="pdf", who=A_CALLER, **more):
    return await office.call("report-file", who=who, job_id=job["id"], format=form, **more)


def pages_of(content):
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content)]


async def released(office, reviews, job, decision="approved", **more):
    submitted = await office.call("submit-report", {}, job_id=job["id"])
    reviews.decide(submitted["sign_off"]["review"], decision, A_ADMIN, **more)
    return submitted


@pytest.mark.parametrize(
    ("policy", "outline", "signed", "leaves"),
    [
        ("all", "optional", False, False), ("all", "optional", True, True), ("all", "required", False, False),
        ("template", "required", False, False), ("template", "required", True, True),
        ("template", "optional", False, True), ("optional", "required", False, True),
        ("optional", "optional", True, True),
    ],
)  # fmt: skip
async def test_who_must_sign(office, own_files, reviews, policy, outline, signed, leaves):
    (own_files / "settings.yaml").write_text(f"sign_off: {policy}\n", encoding="utf-8")
    write_tiny(own_files, outline)
    job = await office.report(PAPERS)
    assert job["sign_off_required"] is (policy == "all" or (policy == "template" and outline == "required"))
    if signed:
        await released(office, reviews, job)
    if leaves:
        for form in FORMATS:
            assert (await fetch(office, job, form)).content
        return
    for form in FORMATS:
        for who in (A_CALLER, A_ADMIN):
            with pytest.raises(Conflict) as refused:
                await fetch(office, job, form, who)
            assert refused.value.code == "not_signed"


async def test_a_template_that_is_gone_wants_a_signature(office, own_files):
    write_tiny(own_files, "optional")
    job = await office.report(PAPERS)
    (own_files / "templates" / "tiny" / "outline.yaml").unlink()
    with pytest.raises(Conflict) as refused:
        await fetch(office, job)
    assert refused.value.code == "not_signed"


async def test_drafts_are_for_supervisors_and_marked_on_every_page(office):
    job = await office.report(PAPERS)
    with pytest.raises(PermissionDenied) as refused:
        await fetch(office, job, draft="true")
    assert refused.value.code == "draft_denied"
    file = await fetch(office, job, who=EDITOR, draft="true")
    assert file.filename.endswith("-v1-草稿.pdf")
    assert all("草稿" in page for page in pages_of(file.content))
    word = zipfile.ZipFile(io.BytesIO((await fetch(office, job, "docx", EDITOR, draft="true")).content))
    assert any("草稿" in word.read(name).decode() for name in word.namelist() if "header" in name)


async def test_a_reviewer_reads_the_report_and_signs_this_version_only(office, reviews):
    job = await office.report(PAPERS)
    submitted = await office.call("submit-report", {}, job_id=job["id"])
    record = reviews.get(submitted["sign_off"]["review"], A_ADMIN)
    texts = reviews.texts(record)
    assert (record.target, record.request_id, record.rules) == ("reports", "req-1", ("sign-off",))
    assert "负债合计为60.00万元。 [资产负债表-2025.xlsx" in texts.held.text
    assert COMPANY in texts.question
    assert texts.held.editable is False
    assert texts.held.body["sha256"] == submitted["sha256"]
    assert (await office.call("show-job", job_id=job["id"]))["sign_off"]["status"] == "pending"
    with pytest.raises(Conflict) as refused:
        await office.call("submit-report", {}, job_id=job["id"])
    assert refused.value.code == "submitted_already"
    with pytest.raises(PermissionDenied):
        reviews.decide(record.id, "approved", A_CALLER)

    reviews.decide(record.id, "approved", A_ADMIN)
    shown = (await office.call("show-job", job_id=job["id"]))["sign_off"]
    assert (shown["status"], shown["by"]) == ("approved", A_ADMIN.key_id)
    file = await fetch(office, job)
    assert not any("草稿" in page for page in pages_of(file.content))
    assert A_ADMIN.key_id in "".join(pages_of(file.content))

    body = {"paragraph": 1, "text": "负债规模适中。"}
    await office.call("edit-section", body, job_id=job["id"], section="debts")
    assert (await office.call("show-job", job_id=job["id"]))["sign_off"] is None
    with pytest.raises(Conflict) as refused:
        await fetch(office, job)
    assert refused.value.code == "not_signed"
    assert (await fetch(office, job, version="1")).content == file.content
    assert (await office.call("submit-report", {}, job_id=job["id"]))["version"] == 2


async def test_what_was_refused_stays_and_may_be_submitted_again(office, reviews):
    job = await office.report(PAPERS)
    await released(office, reviews, job, "refused", reason="第三章太薄")
    shown = (await office.call("show-job", job_id=job["id"]))["sign_off"]
    assert (shown["status"], shown["reason"]) == ("refused", "第三章太薄")
    with pytest.raises(Conflict) as refused:
        await fetch(office, job)
    assert refused.value.details["status"] == "refused"
    await released(office, reviews, job)
    assert (await fetch(office, job)).content


async def test_bytes_that_were_changed_on_the_disk_do_not_leave(office, own_files, reviews):
    job = await office.report(PAPERS)
    await released(office, reviews, job)
    (version,) = (own_files / "data" / "a" / "jobs" / job["id"] / "versions").iterdir()
    version.write_bytes(version.read_bytes().replace("60.00万元".encode(), "16.00万元".encode()))
    for path in (own_files / "data" / "a" / "jobs" / job["id"] / "files").iterdir():
        path.unlink()
    with pytest.raises(Unavailable) as refused:
        await fetch(office, job)
    assert refused.value.code == "version_damaged"


async def test_evidence_holds_sources_and_signature(office, reviews):
    job = await office.report(PAPERS)
    await released(office, reviews, job)
    file = await fetch(office, job, "evidence")
    assert file.media_type.startswith("application/json")
    told = file.content.decode()
    json.loads(told)
    for text in ("1,000,000.00", A_ADMIN.key_id, "debt_to_assets"):
        assert text in told


async def test_a_template_of_the_bank_that_is_broken_is_named_and_the_pdf_is_there(office, own_files):
    (own_files / "templates" / "tiny" / "template.docx").write_bytes(b"no document")
    write_tiny(own_files, "optional")
    job = await office.report(PAPERS)
    assert job["state"] == "done"
    assert list(job["render_faults"]) == ["docx"]
    assert "template.docx" in job["render_faults"]["docx"]
    assert (await fetch(office, job)).content.startswith(b"%PDF")


async def test_nothing_that_code_wrote_carries_the_label_of_generated_content(context_of, runs, clock, own_files):
    write_tiny(own_files, "optional")
    office = Office(context_of(label_producer="001191350100M000100Y4300000"), runs)
    job = await office.report(PAPERS)
    file = await fetch(office, job)
    assert find_label(file.content, "report.pdf").label is None
    for name in ("show-section", "show-differences", "start-report", "sample-report"):
        assert office.actions[name].generated is not None


async def test_remarks_leave_with_drafts_and_with_a_signed_version_only_where_asked(office, reviews):
    job = await office.report(PAPERS)
    await office.call("add-comment", {"text": "债务要核对", "section": "debts"}, A_ADMIN, job_id=job["id"])

    async def comments(**more):
        word = Document(io.BytesIO((await fetch(office, job, "docx", EDITOR, **more)).content))
        evidence = json.loads((await fetch(office, job, "evidence", EDITOR, **more)).content)
        assert [one["text"] for one in evidence.get("comments", ())] == [one.text for one in word.comments]
        return [(one.text, one.author) for one in word.comments]

    told = [("债务要核对", A_ADMIN.key_id)]
    assert await comments(draft="true") == told
    assert await comments(draft="true", comments="false") == []
    await released(office, reviews, job)
    assert await comments() == []
    assert await comments(comments="true") == told
    plain = await fetch(office, job)
    assert (await fetch(office, job, comments="true")).content == plain.content  # a PDF never has any
    body = {"paragraph": 1, "text": "负债规模适中。"}
    await office.call("edit-section", body, job_id=job["id"], section="debts")
    await office.call("add-comment", {"text": "现在好"}, A_ADMIN, job_id=job["id"])
    assert await comments(version="1", comments="true") == told
    assert len(await comments(version="2", draft="true")) == 2
