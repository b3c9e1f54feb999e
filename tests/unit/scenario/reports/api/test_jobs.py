"""Jobs from a folder to a report: progress, questions, sections written again or by a person, versions, remarks."""

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound, TooManyRequests
from appliance.core.messages import _
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN, B_CALLER
from tests.unit.scenario.reports.api.conftest import COMPANY, PAPERS, Office, PoolTasks, balance_sheet, write_tiny

CLOSING = ["closing-conflicts", "closing-gaps", "closing-questions", "closing-sources"]


def text_of(shown):
    """Return the paragraphs of a section, one a line."""
    blocks = [one for one in shown["section"]["blocks"] if one["type"] == "paragraph"]
    return "\n".join("".join(sentence["text"] for sentence in block["sentences"]) for block in blocks)


async def test_a_folder_becomes_a_report(office):
    job = await office.report(PAPERS)
    assert (job["state"], job["error"], job["version"], job["render_faults"]) == ("done", None, 1, {})
    assert job["title"] == f"{COMPANY}简要报告"
    assert (job["subject"], job["template"], job["language"]) == (COMPANY, "tiny", "zh_CN")
    assert [one["name"] for one in job["steps"]] == [
        "reading", "examining", "analysing", "writing", "assembling", "rendering"
    ]  # fmt: skip
    assert all(one["seconds"] is not None and one["done"] == one["total"] for one in job["steps"])
    assert [one["id"] for one in job["sections"]] == ["assets", "debts", *CLOSING]
    assert {one["state"] for one in job["sections"]} == {"done"}
    assert [(one["name"], one["kind"], one["company"]) for one in job["documents"]] == [
        ("资产负债表-2025.xlsx", "balance_sheet", COMPANY)
    ]
    assert {one["about"] for one in job["gaps"]} >= {"kind:audit_report"}
    assert job["untraced"] == 0
    debts = await office.call("show-section", job_id=job["id"], section="debts")
    assert text_of(debts) == "负债合计为60.00万元。\n资产负债率为60.00%。"
    (listed,) = (await office.call("list-jobs"))["data"]
    assert (listed["id"], listed["state"], listed["version"]) == (job["id"], "done", 1)


async def test_the_folder_says_then_what_its_files_are_until_one_is_replaced(office):
    job = await office.report(PAPERS)
    name = next(iter(PAPERS))
    (file,) = (await office.call("show-folder", folder_id=job["folder"]))["files"]
    assert (file["kind"], file["company"], file["fault"]) == ("balance_sheet", COMPANY, None)
    (file,) = (await office.put(job["folder"], name, b"something else"))["files"]
    assert (file["kind"], file["company"]) == (None, None)


async def test_the_job_keeps_the_papers_that_it_was_made_from(office):
    job = await office.report(PAPERS)
    await office.put(job["folder"], next(iter(PAPERS)), balance_sheet("2,000,000.00", "1,600,000.00"))
    await office.call("delete-folder", folder_id=job["folder"])
    await office.call("answer-questions", {"answers": {}}, job_id=job["id"])
    again = await office.done(job["id"])
    assert (again["version"], again["state"]) == (2, "done")
    found = await office.call("show-differences", job_id=job["id"])
    assert {one["change"] for one in found["sections"]} == {"same"}


async def test_what_cannot_be_read_is_told_and_ends_nothing(office):
    job = await office.report({**PAPERS, "broken.pdf": b"%PDF-1.7 nothing", "odd.xlsx": b"PK\x03\x04 no zip"})
    assert job["state"] == "done"
    faults = {one["name"]: one["fault"] for one in job["documents"]}
    assert faults["资产负债表-2025.xlsx"] is None
    assert faults["broken.pdf"]
    assert faults["odd.xlsx"]
    shown = await office.call("show-section", job_id=job["id"], section="closing-sources")
    assert "broken.pdf" in str(shown)


async def test_a_paper_of_another_company_gives_no_number(office):
    other = balance_sheet("9,999,999.00", "9,000,000.00", "999,999.00", company="海棠虚构贸易有限公司")
    job = await office.report({**PAPERS, "别家.xlsx": other}, subject=COMPANY)
    assert job["state"] == "done"
    told = str([await office.call("show-section", job_id=job["id"], section=one) for one in ("assets", "debts")])
    assert "100.00万元" in told
    assert "999.9" not in told
    assert any("海棠虚构贸易有限公司" in one["reason"] for one in job["gaps"])


async def test_a_request_that_cannot_be(office):
    folder, empty = await office.folder(PAPERS), await office.folder({})
    for body, kind, code in (
        ({"folder": empty, "template": "tiny"}, InvalidRequest, "folder_empty"),
        ({"folder": folder, "template": "../tiny"}, InvalidRequest, "template_not_found"),
        ({"folder": folder, "template": "tiny", "as_of": "2999-01-01"}, InvalidRequest, "as_of_ahead"),
        ({"folder": "folder_no", "template": "tiny"}, NotFound, "folder_not_found"),
    ):
        with pytest.raises(kind) as refused:
            await office.call("start-report", body)
        assert refused.value.code == code
    assert (await office.call("list-jobs"))["data"] == []


async def test_as_many_jobs_run_as_may(office, own_files):
    (own_files / "settings.yaml").write_text("jobs_at_once: 1\nmost_jobs: 1\n", encoding="utf-8")
    folder = await office.folder(PAPERS)
    first = await office.call("start-report", {"folder": folder, "template": "tiny"})
    with pytest.raises(TooManyRequests):
        await office.call("start-report", {"folder": folder, "template": "tiny"})
    await office.done(first["id"])
    with pytest.raises(Conflict) as refused:
        await office.call("start-report", {"folder": folder, "template": "tiny"})
    assert refused.value.code == "too_many_jobs_kept"


class Failing(PoolTasks):
    """Tasks of which one, the writing of the section `debts`, fails until it is mended."""

    broken = True

    async def run(self, function, arguments):
        if self.broken and arguments.get("section") == "debts":
            raise InvalidRequest(_("The folder {id} has no files.", id="of debts"))
        return await super().run(function, arguments)


async def test_a_section_that_fails_says_so_and_the_others_stand(context_of, runs, clock, pool):
    tasks = Failing(pool)
    office = Office(context_of(tasks), runs)
    job = await office.report(PAPERS)
    states = {one["id"]: (one["state"], one["fault"]) for one in job["sections"]}
    assert states["assets"] == ("done", None)
    assert states["debts"][0] == "failed"
    assert "of debts" in states["debts"][1]
    assert text_of(await office.call("show-section", job_id=job["id"], section="debts")) == states["debts"][1]
    tasks.broken = False
    await office.call("write-section-again", {}, job_id=job["id"], section="debts")
    mended = await office.done(job["id"])
    assert (mended["version"], {one["state"] for one in mended["sections"]}) == (2, {"done"})
    assert "60.00%" in text_of(await office.call("show-section", job_id=job["id"], section="debts"))


async def test_a_section_is_written_again_alone(office, own_files):
    job = await office.report(PAPERS)
    outline = own_files / "templates" / "tiny" / "outline.yaml"
    text = outline.read_text(encoding="utf-8")
    changed = text.replace("负债合计为", "全部负债为").replace("资产总计为", "全部资产为")
    outline.write_text(changed, encoding="utf-8")
    await office.call("write-section-again", {}, job_id=job["id"], section="debts")
    again = await office.done(job["id"])
    assert (again["version"], again["error"]) == (2, None)
    found = await office.call("show-differences", job_id=job["id"], before="1", after="2")
    changes = {one["id"]: one for one in found["sections"]}
    assert {name for name, one in changes.items() if one["change"] != "same"} == {"debts"}
    words = [(one["op"], one["text"]) for one in changes["debts"]["parts"]]
    assert ("delete", "合计") in words
    assert ("insert", "全部") in words
    (newest, first) = (await office.call("list-versions", job_id=job["id"]))["data"]
    assert (newest["why"], newest["section"], first["why"]) == ("section", "debts", "made")
    assert newest["sha256"] != first["sha256"]
    with pytest.raises(NotFound):
        await office.call("write-section-again", {}, job_id=job["id"], section="none")
    with pytest.raises(NotFound) as refused:
        await office.call("show-section", job_id=job["id"], section="debts", version="9")
    assert refused.value.code == "version_not_found"


async def test_a_person_writes_a_paragraph_with_numbers_that_have_sources(office):
    job = await office.report(PAPERS)
    place = {"job_id": job["id"], "section": "debts"}
    with pytest.raises(InvalidRequest) as refused:
        await office.call("edit-section", {"paragraph": 1, "text": "负债合计为61.00万元，较上年增长12.5%。"}, **place)
    assert refused.value.code == "numbers_untraced"
    assert refused.value.details["numbers"][0].startswith("61.00")
    body = {"paragraph": 1, "text": "另有担保5.00万元。", "sources": [{"file": "f01", "quote": "担保 50,000.00"}]}
    with pytest.raises(InvalidRequest) as refused:
        await office.call("edit-section", body, **place)
    assert refused.value.code == "quotation_not_found"
    assert (await office.call("show-job", job_id=job["id"]))["version"] == 1

    kept = await office.call("edit-section", {"paragraph": 1, "text": "负债为60.00万元，结构稳定。"}, **place)
    assert (kept["version"], kept["state"]) == (2, "done")
    sourced = {"paragraph": 2, "text": "资产100.00万元覆盖负债。"}
    sourced["sources"] = [{"file": "f01", "quote": "1,000,000.00"}]
    assert (await office.call("edit-section", sourced, **place))["version"] == 3
    noted = {
        "paragraph": 2,
        "text": "2026年3月走访，员工约45人。",
        "sources": [{"file": "officer", "quote": "走访2026年3月，45人"}],
    }
    assert (await office.call("edit-section", noted, **place))["version"] == 4
    shown = await office.call("show-section", job_id=job["id"], section="debts", version="4")
    assert text_of(shown) == "负债为60.00万元，结构稳定。\n2026年3月走访，员工约45人。"
    assert shown["section"]["edited_by"] == A_CALLER.key_id
    with pytest.raises(NotFound) as refused:
        await office.call("edit-section", {"paragraph": 99, "text": "无"}, **place)
    assert refused.value.code == "paragraph_not_found"


async def test_what_a_person_wrote_stays_when_the_report_is_made_again_and_goes_with_its_section(office):
    job = await office.report(PAPERS)
    place = {"job_id": job["id"], "section": "debts"}
    await office.call("edit-section", {"paragraph": 1, "text": "负债规模适中。"}, **place)
    await office.call("answer-questions", {"answers": {}}, job_id=job["id"])
    again = await office.done(job["id"])
    assert again["version"] == 3
    rows = {one["id"]: (one["state"], one["edited_by"]) for one in again["sections"]}
    assert rows["debts"] == ("kept", A_CALLER.key_id)
    assert rows["assets"] == ("done", None)
    assert "负债规模适中" in text_of(await office.call("show-section", **place))
    await office.call("write-section-again", {}, **place)
    last = await office.done(job["id"])
    assert {one["edited_by"] for one in last["sections"]} == {None}
    assert "负债规模适中" not in text_of(await office.call("show-section", **place))


async def test_questions_are_answered_by_id(office):
    job = await office.report({"资产负债表-2025.xlsx": balance_sheet(unit="")})
    (question,) = job["questions"]
    assert "万元" in question["choices"]
    with pytest.raises(NotFound) as refused:
        await office.call("answer-questions", {"answers": {"q_none": "1"}}, job_id=job["id"])
    assert refused.value.code == "question_not_found"
    assert (await office.call("show-job", job_id=job["id"]))["version"] == 1
    await office.call("answer-questions", {"answers": {question["id"]: "万元"}}, job_id=job["id"])
    answered = await office.done(job["id"])
    assert (answered["version"], answered["questions"]) == (2, [])
    shown = await office.call("show-section", job_id=job["id"], section="debts")
    assert "600,000.00万元" in text_of(shown)
    reading = next(one for one in answered["steps"] if one["name"] == "reading")
    assert reading["done"] == 1
    assert answered["documents"][0]["seconds"] == 0  # what was read before is not read again


async def test_remarks_are_kept_in_order(office):
    job = await office.report(PAPERS)
    await office.call("add-comment", {"text": "第一条", "section": "debts"}, job_id=job["id"])
    await office.call("add-comment", {"text": "second"}, A_ADMIN, job_id=job["id"])
    found = (await office.call("list-comments", job_id=job["id"]))["data"]
    assert [(one["text"], one["section"], one["version"], one["by"]) for one in found] == [
        ("第一条", "debts", 1, A_CALLER.key_id), ("second", None, 1, A_ADMIN.key_id),
    ]  # fmt: skip


@pytest.mark.parametrize("stranger", [B_ADMIN, B_CALLER, A_CALLER.__class__("a", "caller", "lma-colleague")])
async def test_nobody_else_knows_of_a_job(office, stranger):
    job = await office.report(PAPERS)
    of = {"job_id": job["id"]}
    debts = {**of, "section": "debts"}
    for action, payload, parameters in (
        ("show-job", None, of),
        ("answer-questions", {"answers": {}}, of),
        ("show-section", None, debts),
        ("write-section-again", {}, debts),
        ("edit-section", {"paragraph": 1, "text": "x"}, debts),
        ("add-comment", {"text": "x"}, of),
        ("list-comments", None, of),
        ("list-versions", None, of),
        ("show-differences", None, of),
        ("submit-report", {}, of),
        ("report-file", None, {**of, "format": "pdf"}),
        ("delete-job", None, of),
    ):
        with pytest.raises(NotFound) as refused:
            await office.call(action, payload, stranger, **parameters)
        assert refused.value.code == "job_not_found"
    assert (await office.call("list-jobs", who=stranger))["data"] == []


async def test_who_may_supervise_reads_and_remarks_but_writes_nothing(office):
    job = await office.report(PAPERS)
    editor = A_CALLER.__class__("a", "editor", "lma-editor")
    for who in (A_ADMIN, editor):
        assert (await office.call("show-job", who=who, job_id=job["id"]))["id"] == job["id"]
        assert [one["id"] for one in (await office.call("list-jobs", who=who))["data"]] == [job["id"]]
        for action, payload, more in (
            ("edit-section", {"paragraph": 1, "text": "x"}, {"section": "debts"}),
            ("write-section-again", {}, {"section": "debts"}),
            ("answer-questions", {"answers": {}}, {}),
            ("submit-report", {}, {}),
        ):
            with pytest.raises(NotFound):
                await office.call(action, payload, who, job_id=job["id"], **more)


async def test_a_deleted_job_is_gone_with_all_of_it_also_while_it_runs(office, own_files):
    job = await office.report(PAPERS)
    await office.call("add-comment", {"text": "x"}, job_id=job["id"])
    running = await office.call("start-report", {"folder": job["folder"], "template": "tiny"})
    for one in (job, running):
        await office.call("delete-job", job_id=one["id"])
        with pytest.raises(NotFound):
            await office.call("show-job", job_id=one["id"])
    assert list((own_files / "data" / "a" / "jobs").iterdir()) == []


async def test_templates_say_what_papers_they_want(office, own_files):
    told = await office.call("list-templates", language="zh_CN")
    rows = {one["name"]: one for one in told["data"]}
    assert {"tiny", "due-diligence", "contract-check", "valuation-reconciliation"} <= set(rows)
    assert rows["tiny"]["sign_off_required"] is True
    assert rows["tiny"]["documents"][0] == {
        "kind": "balance_sheet|statements", "required": True, "why": "分析的基础。"
    }  # fmt: skip
    write_tiny(own_files, text="name: tiny\nversions: 3\n")
    told = await office.call("list-templates")
    assert "tiny" not in {one["name"] for one in told["data"]}
    assert [one["name"] for one in told["faults"]] == ["tiny"]
