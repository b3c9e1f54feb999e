"""The two small reports as jobs: a contract check, and a reconciliation of valuations."""

import csv
import io

import docx

from tests.unit.scenario.reports.api.conftest import PAPERS

CLAUSES = (
    "借款合同",
    "贷款人：青岚示例银行股份有限公司",
    "借款人：青岚示例制造有限公司",
    "第一条 借款金额：人民币伍佰万元整（¥5,000,000.00）。",
    "第二条 借款用途：购买原材料。",
    "第三条 借款期限：自2026年1月1日起至2026年12月31日止。",
)


def contract():
    made = docx.Document()
    for line in CLAUSES:
        made.add_paragraph(line)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def valuation(price, code="QL001", name="青岚示例一号"):
    out = io.StringIO()
    csv.writer(out).writerows(
        [
            ["估值日期", "产品代码", "产品名称", "单位净值", "资产净值"],
            ["2026-10-30", code, name, price, "100,000,000.00"],
            ["2026-10-30", "QL002", "青岚示例二号", "1.0500", "52,500,000.00"],
        ]
    )
    return out.getvalue().encode()


async def test_a_contract_is_checked(office):
    job = await office.report({"借款合同.docx": contract()}, template="contract-check", options={"standard": "loan"})
    assert (job["state"], job["error"], job["version"], job["render_faults"]) == ("done", None, 1, {})
    assert [one["name"] for one in job["steps"]] == ["reading", "writing", "assembling", "rendering"]
    assert job["sections"]
    assert job["sign_off_required"] is False
    file = await office.call("report-file", job_id=job["id"], format="md")
    assert "借款" in file.content.decode()
    section = job["sections"][0]["id"]
    await office.call("write-section-again", {}, job_id=job["id"], section=section)
    assert (await office.done(job["id"]))["version"] == 2


async def test_what_is_no_contract_fails_with_a_reason(office):
    job = await office.report(PAPERS, template="contract-check")
    assert (job["state"], job["version"]) == ("failed", None)
    assert job["error"]
    lost = await office.report(PAPERS, template="contract-check", options={"standard": "none"})
    assert "none" in lost["error"]


async def test_two_valuations_are_reconciled(office):
    files = {"管理人估值.csv": valuation("1.0000"), "托管人估值.csv": valuation("1.0010")}
    job = await office.report(files, template="valuation-reconciliation")
    assert (job["state"], job["error"]) == ("done", None)
    file = await office.call("report-file", job_id=job["id"], format="md")
    assert "QL001" in file.content.decode()


async def test_whether_two_products_are_one_is_asked_and_the_answer_is_used(office):
    files = {
        "管理人估值.csv": valuation("1.0000", "", "青岚示例稳健增利"),
        "托管人估值.csv": valuation("1.0000", "", "青岚示例稳健增利型"),
    }
    job = await office.report(files, template="valuation-reconciliation")
    (question,) = job["questions"]
    assert question["choices"] == ["same", "different"]
    await office.call("answer-questions", {"answers": {question["id"]: "same"}}, job_id=job["id"])
    answered = await office.done(job["id"])
    assert (answered["state"], answered["error"], answered["version"]) == ("done", None, 2)
    assert answered["questions"] == []
