"""Files for tables, and jobs over many accounts."""

import asyncio
import base64
import csv
import io
import shutil

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound, PermissionDenied
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN


def body(content, filename="clients.csv"):
    raw = content if isinstance(content, bytes) else content.encode()
    return {"filename": filename, "content_base64": base64.b64encode(raw).decode()}


async def supply(bank, table, content, who=A_ADMIN, **named):
    return await bank.call("supply-data", body(content, named.get("filename", f"{table}.csv")), who, table=table)


async def test_what_is_there(bank):
    shown = await bank.call("show-data", who=A_ADMIN)
    assert shown["made_up"] is True
    assert shown["usable"] is True
    rows = {one["name"]: one["rows"] for one in shown["tables"]}
    assert rows["clients"] == 200
    assert rows["products"] == 80
    assert rows["nav"] > 80 * 1000


async def test_a_bank_without_data_hears_what_is_missing(empty_bank):
    shown = await empty_bank.call("show-data")
    assert shown["usable"] is False
    assert "clients" in shown["reason"]
    with pytest.raises(NotFound) as refused:
        await empty_bank.call("list-clients")
    assert refused.value.code == "data_not_found"


async def test_a_whole_bank_is_supplied_file_by_file(empty_bank, sample_folder):
    for path in sorted(sample_folder.iterdir()):
        told = await supply(empty_bank, path.stem, path.read_bytes(), filename=path.name)
    assert told["missing"] == []
    answer = await empty_bank.call("account-diagnosis", client_id="C0009")
    assert answer["made_up"] is False
    with pytest.raises(NotFound):
        await empty_bank.call("account-diagnosis", who=B_ADMIN, client_id="C0009")


@pytest.mark.parametrize(
    ("table", "content", "says"),
    [
        ("nav", "product,day,nav\nP001,2026-10-30,-1.0\n", "row 2, column nav"),
        ("transactions", "id,client,kind,day,amount\nT1,C1,buy,2099-10-30,1.0\n", "row 2"),
        ("nav", "product,day,nav\nP001,2026-10-30,=1+1\n", "row 2, column nav"),
        ("clients", "id,name\nC0001,A\n", "birth_date"),
        ("calendar", "day\n2026-10-30\n2026-10-30\n", "row 3"),
    ],
)
async def test_what_is_wrong_with_a_file_is_named_with_its_place(empty_bank, table, content, says):
    with pytest.raises(InvalidRequest) as refused:
        await supply(empty_bank, table, content)
    assert refused.value.code == "data_not_valid"
    assert says in str(refused.value.message)


async def test_gbk_byte_order_marks_and_thousand_separators(empty_bank):
    rows = 'id,name,birth_date,target,cash_need\nC1,王示例,1980-01-02,balanced,"1,200,000"\n'
    for content in (rows.encode("gbk"), b"\xef\xbb\xbf" + rows.encode()):
        told = await supply(empty_bank, "clients", content)
        assert told["table"] == "clients"
        assert "products" in told["missing"]


async def test_bad_uploads(empty_bank):
    with pytest.raises(InvalidRequest) as refused:
        await empty_bank.call("supply-data", {"filename": "a.csv", "content_base64": "?"}, A_ADMIN, table="clients")
    assert refused.value.param == "content_base64"
    with pytest.raises(InvalidRequest) as refused:
        await supply(empty_bank, "secrets", "a\n1\n")
    assert refused.value.code == "table_not_valid"
    with pytest.raises(PermissionDenied):
        await supply(empty_bank, "clients", "a\n1\n", who=A_CALLER)


async def _ended(bank, job, who=A_CALLER):
    for _ in range(1200):
        told = await bank.call("show-job", who=who, job_id=job)
        if told["state"] != "running":
            return told
        await asyncio.sleep(0.05)
    raise AssertionError(told)


async def test_a_job_over_accounts(bank):
    job = await bank.call("diagnose-accounts", {"advisor": "RM03"})
    told = await _ended(bank, job["id"])
    assert told["state"] == "done"
    assert told["done"] == told["total"] == job["total"]
    content = await bank.call("job-results", job_id=job["id"])
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == job["total"]
    one = await bank.call("account-diagnosis", client_id=rows[0]["client"])
    whole = one["figures"][f"account.{rows[0]['client']}.total_value"]["value"]
    assert float(rows[0]["total_value"]) == whole
    with pytest.raises(NotFound):
        await bank.call("show-job", who=B_ADMIN, job_id=job["id"])
    await bank.call("delete-job", job_id=job["id"])
    with pytest.raises(NotFound):
        await bank.call("show-job", job_id=job["id"])


async def test_a_job_of_nobody(bank):
    with pytest.raises(InvalidRequest) as refused:
        await bank.call("diagnose-accounts", {"advisor": "RM99"})
    assert refused.value.code == "no_clients"
    with pytest.raises(NotFound):
        await bank.call("diagnose-accounts", {"clients": ["C9999"]})


async def test_a_job_whose_data_went_says_so(bank, own_files, context):
    job = await bank.call("diagnose-accounts", {"clients": ["C0001"]})
    shutil.rmtree(own_files / "data" / "a" / ".sample")
    told = await _ended(bank, job["id"])
    if told["state"] == "failed":
        assert told["error"]
        with pytest.raises(Conflict):
            await bank.call("job-results", job_id=job["id"])
