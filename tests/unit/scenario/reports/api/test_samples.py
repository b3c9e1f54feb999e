"""The whole way with made-up papers: what `appliance up` shows."""

import pytest

from appliance.core.errors import InvalidRequest
from scenarios.reports.jobs.sampling import OTHERS
from tests.unit.scenario.reports.api.conftest import PAPERS, balance_sheet, write_tiny

PAYLOAD = {"sample": "company-3", "language": "zh_CN", "template": "tiny"}


async def test_a_sample_report_is_made_and_told_and_can_be_fetched(office, own_files):
    write_tiny(own_files, "required")
    made = await office.call("sample-report", PAYLOAD, language="zh_CN")
    assert made["job"]["state"] == "done"
    assert made["job"]["subject"] == "岚川恒拓精密机械股份有限公司"
    assert made["answer"].count("\n") > 6
    assert [one["name"] for one in made["downloads"]] == [
        "company-3-zh_CN.docx", "company-3-zh_CN.pdf", "company-3-zh_CN.evidence.json",
    ]  # fmt: skip
    for one in made["downloads"]:
        assert one["path"].startswith(f"/v1/scenarios/reports/jobs/{made['job']['id']}/files/")
        assert one["path"].endswith("?draft=true")
    (folder,) = (await office.call("list-folders"))["data"]
    assert len(folder["files"]) >= 20

    again = await office.call("sample-report", PAYLOAD)
    assert again["job"]["folder"] == folder["id"]
    assert [one["id"] for one in (await office.call("list-jobs"))["data"]] == [again["job"]["id"]]


@pytest.mark.parametrize("name", ["company-0", "company-21", "nobody"])
async def test_what_is_no_sample_leaves_nothing(office, own_files, name):
    with pytest.raises(InvalidRequest) as refused:
        await office.call("sample-report", {**PAYLOAD, "sample": name})
    assert refused.value.code == "sample_not_found"
    assert (await office.call("list-jobs"))["data"] == []
    assert (await office.call("list-folders"))["data"] == []
    assert list((own_files / "data" / "a" / "folders").iterdir()) == []


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("sample", OTHERS)
async def test_every_template_has_papers_to_be_tried_with(office, sample, language):
    made = await office.call("sample-report", {"sample": sample, "language": language, "template": OTHERS[sample]})
    job = made["job"]
    assert (job["state"], job["error"], job["render_faults"], job["untraced_texts"]) == ("done", None, {}, [])
    assert job["subject"]
    assert all(one["fault"] is None for one in (*job["sections"], *job["documents"]))
    assert len(job["sections"]) >= 3


async def test_only_made_up_companies_are_compared_with_made_up_peers(office):
    folder = await office.folder({})
    await office.call("fill-folder", {"sample": "company-3"}, folder_id=folder)
    peers = await _gaps_of_peers(office, folder)
    assert peers == []
    await office.put(folder, "资产负债表-2025.xlsx", balance_sheet(company="岚川恒拓精密机械股份有限公司"))
    assert (await office.call("show-folder", folder_id=folder))["sample"] is None
    assert len(await _gaps_of_peers(office, folder)) == 1


async def _gaps_of_peers(office, folder):
    started = await office.call("start-report", {"folder": folder, "template": "tiny"})
    job = await office.done(started["id"])
    assert (job["state"], job["error"]) == ("done", None)
    return [one for one in job["gaps"] if one["about"] == "kind:peers"]


async def test_papers_of_another_company_are_refused_by_name(office):
    other = {"报表-2025.xlsx": balance_sheet(company="北汀仪器集团有限公司")}
    job = await office.report(other, subject="青岚示例制造有限公司", language="zh_CN")
    assert (job["state"], job["version"]) == ("failed", None)
    for word in ("北汀仪器集团有限公司", "青岚示例制造有限公司", "报表-2025.xlsx"):
        assert word in job["error"]
    assert (await office.report(PAPERS, subject="青岚示例制造有限公司"))["state"] == "done"
