"""Spoken texts, files and the bank's own folder of a pack, over real connections."""

import httpx

from appliance.config.site import GuardrailSettings
from appliance.guardrails.chain import Chain
from tests.unit.serving.calls_pack import read, tell
from tests.unit.serving.readings import audited, error_of
from tests.unit.serving.relays import ADDRESS

SWEARING = "卖银行卡的骗子！"


async def test_what_was_spoken_is_looked_at_and_never_refused(follow, port, keys, ring):
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {keys['caller']}"}) as client:
        base = f"http://{ADDRESS}:{port}/v1/scenarios/calls"
        error_of(await client.post(f"{base}/refuse", json={"text": SWEARING}), 400, "content_filter")
        spoken = await client.post(f"{base}/swear", json={"text": SWEARING})
        assert spoken.json() == {"text": SWEARING}
    async with follow() as socket:
        await read(socket)
        await tell(socket, text=SWEARING)
        answers = [await read(socket), await read(socket)]
    assert {"event": "turn", "data": {"text": SWEARING}} in answers
    found = {
        (record.outcome, *(one["action"] for one in data["verdicts"]))
        for record, data in audited(ring) if data["verdicts"]
    }  # fmt: skip
    assert found == {("content_filter", "block"), ("ok", "warn")}


async def test_what_was_spoken_holds_no_answer(port, context, keys):
    context.chain = Chain(GuardrailSettings(review=("lexicon:*",)), None)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {keys['caller']}"}) as client:
        response = await client.post(f"http://{ADDRESS}:{port}/v1/scenarios/calls/swear", json={"text": SWEARING})
    assert response.status_code == 200


async def test_bytes_are_no_text_and_cost_no_quota(port, keys, ring):
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {keys['caller']}"}) as client:
        supply = f"http://{ADDRESS}:{port}/v1/scenarios/calls/supply"
        for note, content, status in (("rates", SWEARING, 200), (SWEARING, "AAAA", 400)):
            assert (await client.post(supply, json={"note": note, "content": content})).status_code == status


async def test_a_file_is_sent_with_its_name_and_noted(port, keys, ring):
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {keys['caller']}"}) as client:
        base = f"http://{ADDRESS}:{port}/v1/scenarios/calls"
        response = await client.get(f"{base}/export?rows=200000")
        assert response.content == b"\xff\xfe" * 200_000
        assert response.headers["content-type"].startswith("text/csv")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-disposition"] == (
            "attachment; filename=\"__ 1.csv\"; filename*=UTF-8''%E9%80%9A%E8%AF%9D%201.csv"
        )
        ((_record, data),) = audited(ring)
        assert data["download"]["bytes"] == 400_000
        assert len(data["download"]["sha256"]) == 64
        error_of(await client.get(f"{base}/export?rows={33 * 1024 * 1024}"), 400, "download_too_large")


async def test_a_pack_knows_the_folder_of_the_banks_own_files(port, keys, tmp_path):
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {keys['caller']}"}) as client:
        response = await client.post(f"http://{ADDRESS}:{port}/v1/scenarios/calls/own", json={})
    assert response.json() == {"text": str(tmp_path / "calls")}
