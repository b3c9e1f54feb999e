"""The knowledge routes over the real service and store; only what Ray does, tasks and a handle, is left out."""

import asyncio
import hashlib

import pytest

from appliance.config.home import Home
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.intake.indexing import prepare_file
from appliance.serving import knowledge as service
from appliance.serving.names import KNOWLEDGE_APPLICATION
from appliance.state.database import Database, sqlite_url
from tests.unit.serving.readings import error_of

BASE = "/v1/knowledge-bases/rules"
DOCUMENTS = f"{BASE}/documents"
TEXT = b"Lockers\n\nA small locker costs 300 yuan a year.\n"
NEWER = b"Lockers\n\nA small locker costs 310 yuan a year.\n"
FORM = "multipart/form-data; boundary=x"


class Service:
    """The handle of a running `Knowledge`: `handle.method.remote(…)`."""

    def __init__(self, knowledge):
        self._knowledge = knowledge

    def __getattr__(self, method):
        class Method:
            remote = staticmethod(getattr(self._knowledge, method))

        return Method


@pytest.fixture(scope="module")
def e5():
    return LocalEmbedder(threads=1)


@pytest.fixture
async def running(context, tmp_path, monkeypatch, e5):
    """Run the knowledge service behind the gateway's application; give its store's folder."""
    folders = Home(tmp_path)
    folders.database.parent.mkdir(parents=True, exist_ok=True)
    database = Database.open(sqlite_url(folders.database))
    database.migrate()
    database.close()
    monkeypatch.setattr(service, "RemoteEmbedder", lambda _loop, _handles: e5)
    monkeypatch.setattr(service, "QueryEmbedder", lambda _threads: e5)
    monkeypatch.setattr(service, "prepare_by_task", prepare_file)
    knowledge = service.Knowledge(str(tmp_path), None)
    context.models._others[KNOWLEDGE_APPLICATION] = Service(knowledge)
    yield folders
    knowledge._indexer.cancel()
    knowledge._indexing.shutdown()
    knowledge._searches.shutdown()


@pytest.fixture
async def base(running, admin):
    response = await admin.post("/v1/knowledge-bases", json={"name": "rules", "title": "Rules"})
    assert (response.status_code, response.json()["tenant"], response.json()["shared_with"]) == (201, "default", [])
    return running


def form(*parts, end=b"--x--\r\n"):
    """Return a multipart body: `(name, content)` is a field, `(name, content, filename)` a file."""
    body = b""
    for name, content, *filename in parts:
        of_file = f'; filename="{filename[0]}"' if filename else ""
        body += f'--x\r\nContent-Disposition: form-data; name="{name}"{of_file}\r\n\r\n'.encode() + content + b"\r\n"
    return body + end


async def upload(client, content=TEXT, name="lockers.txt", address=DOCUMENTS, wait=True, **details):
    return await client.post(
        address, params={"wait": "true" if wait else "false"}, files={"file": (name, content)}, data=details
    )  # fmt: skip


async def test_a_document_its_versions_its_file_and_a_search(base, admin):
    details = {"department": "零售部", "effective_on": "2025-01-01", "access": ["role:caller", "tenant:b"]}
    first = (await upload(admin, **details)).json()
    assert (first["status"], first["version"], first["department"]) == ("indexed", 1, "零售部")
    assert (first["access"], first["effective_on"]) == (["role:caller", "tenant:b"], "2025-01-01")
    address = f"{DOCUMENTS}/{first['id']}"
    second = await upload(admin, NEWER, "储物柜 2026.txt", f"{address}/versions", effective_on="2026-01-01")
    assert (second.status_code, second.json()["in_force"]) == (201, 2)
    assert [row["version"] for row in (await admin.get(f"{address}/versions")).json()["data"]] == [1, 2]

    async def found(**selection):
        body = {"query": "small locker", "k": 3, **selection}
        return [(row["version"], row["text"]) for row in (await admin.post(f"{BASE}/search", json=body)).json()["data"]]

    assert [version for version, _text in await found()] == [2]
    assert [version for version, _text in await found(as_of="2025-06-01")] == [1]
    assert await found(as_of="2024-06-01") == await found(departments=["x"]) == await found(documents=[]) == []
    newest = await admin.get(f"{address}/file")
    assert newest.content == NEWER
    assert newest.headers["content-type"].startswith("text/plain")
    assert newest.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in newest.headers["content-security-policy"]
    name = "%E5%82%A8%E7%89%A9%E6%9F%9C%202026.txt"
    assert newest.headers["content-disposition"] == f"attachment; filename=\"document.txt\"; filename*=UTF-8''{name}"
    assert (await admin.get(f"{address}/file?version=1")).content == TEXT
    error_of(await admin.get(f"{address}/file?version=3"), 404, "not_found")
    error_of(await admin.get(f"{address}/file?version=0"), 400, "invalid_value")
    changed = await admin.patch(address, json={"expires_on": "2026-02-01", "access": []})
    assert (changed.json()["expires_on"], changed.json()["access"]) == ("2026-02-01", [])
    assert (await admin.delete(address)).json() == {"id": first["id"], "deleted": True}
    error_of(await admin.get(address), 404, "not_found")
    assert await found() == []


async def test_a_large_file_comes_back_whole(base, admin):
    content = b"%PDF-1.7 and nothing that could be read" + bytes(9 * 1024 * 1024)
    sent = (await upload(admin, content, "large.pdf")).json()
    response = await admin.get(f"{DOCUMENTS}/{sent['id']}/file")
    assert int(response.headers["content-length"]) == len(content)
    assert hashlib.sha256(response.content).hexdigest() == sent["sha256"]


async def test_a_base_is_shown_changed_and_deleted(base, admin):
    assert (await admin.get(BASE)).json()["title"] == "Rules"
    changed = await admin.patch(BASE, json={"shared_with": ["b"]})
    assert (changed.json()["title"], changed.json()["shared_with"]) == ("Rules", ["b"])
    terms = {"text": "储物柜|locker\n"}
    assert (await admin.put(f"{BASE}/glossary", json=terms)).json() == terms
    assert (await admin.get(f"{BASE}/glossary")).json() == terms
    assert "1" in error_of(await admin.put(f"{BASE}/glossary", json={"text": "?"}), 400, "invalid_request")["message"]
    await upload(admin)
    again = await admin.post(f"{BASE}/rebuild")
    assert (again.status_code, again.json()) == (202, {"name": "rules", "pending": 1})
    assert (await admin.delete(BASE)).json() == {"name": "rules", "deleted": True}
    assert error_of(await admin.get(BASE), 404, "not_found")["knowledge_bases"] == []
    assert not list(base.documents.iterdir())


async def test_keys_of_callers_change_nothing_and_read_their_own(base, admin, http, ring, client_of, keys):
    document = (await upload(admin)).json()["id"]
    address = f"{DOCUMENTS}/{document}"
    for method, path, more in (
        ("POST", "/v1/knowledge-bases", {"json": {"name": "mine", "title": "Mine"}}),
        ("PATCH", BASE, {"json": {"title": "x"}}),
        ("DELETE", BASE, {}),
        ("PUT", f"{BASE}/glossary", {"json": {"text": ""}}),
        ("POST", f"{BASE}/rebuild", {}),
        ("POST", DOCUMENTS, {"files": {"file": ("a.txt", TEXT)}}),
        ("POST", f"{address}/versions", {"files": {"file": ("a.txt", TEXT)}}),
        ("PATCH", address, {"json": {"department": "x"}}),
        ("DELETE", address, {}),
    ):
        error_of(await http.request(method, path, **more), 403, "permission_denied")
    assert (await http.get(address)).status_code == 200
    keys["stranger"] = ring.create("stranger", tenant="b", role="admin")[1]
    async with client_of("stranger") as stranger:
        assert (await stranger.get("/v1/knowledge-bases")).json()["data"] == []
        for path in ("", "/documents", f"/documents/{document}", f"/documents/{document}/file", "/glossary"):
            error = error_of(await stranger.get(f"{BASE}{path}"), 404, "not_found")
            assert error["knowledge_bases"] == []
        error_of(await stranger.delete(address), 404, "not_found")
        error_of(await stranger.post(f"{BASE}/search", json={"query": "locker"}), 404, "not_found")
        error_of(await upload(stranger), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (form(("department", b"x")), "missing_file", "file"),
        (form(("file", TEXT, "a.txt"), ("file", NEWER, "b.txt")), "one_file_only", "file"),
        (form(("other", TEXT, "a.txt")), "one_file_only", "file"),
        (form(("file", TEXT, "a.txt"), end=b""), "incomplete_upload", "file"),
        (form(("file", TEXT, "a.txt"), ("access", b"role:ad"), end=b"--x\r\nContent-Dis"), "incomplete_upload", "file"),
        (form(("file", TEXT, "a.txt"), ("owner", b"x")), "unsupported_field", "owner"),
        (form(("file", TEXT, "a.txt"), ("department", b"x"), ("department", b"y")), "invalid_request", "department"),
        (form(("file", TEXT, "a.txt"), ("department", b"x" * 101)), "invalid_value", "department"),
        (form(("file", TEXT, "a.txt"), ("department", b"x" * 100_000)), "invalid_form", "file"),
        (form(("file", TEXT, "a.txt"), ("effective_on", b"2026-02-30")), "invalid_value", "effective_on"),
        (form(("file", TEXT, "a.txt"), ("effective_on", b"1767225600")), "invalid_value", "effective_on"),
        (form(("file", TEXT, "a.txt"), ("expires_on", b"2026-01-01T00:00:00")), "invalid_value", "expires_on"),
        (
            form(("file", TEXT, "a.txt"), ("effective_on", b"2026-02-02"), ("expires_on", b"2026-02-01")),
            "invalid_request", "expires_on",
        ),
        (form(("file", TEXT, "a.txt"), *[("access", b"role:r%c" % 97)] * 300), "invalid_value", "access"),
        (form(("file", TEXT, "a.txt"), *[("access", b"role:a")] * 1001), "invalid_form", "file"),
        (form(("file", TEXT, "a.txt"), ("access", b"everybody")), "invalid_request", "access"),
        (form(("file", TEXT, "../a.txt")), "invalid_request", "name"),
        (form(("file", TEXT, "a\tb.txt")), "invalid_request", "name"),
        (form(("file", TEXT, "x" * 2000 + ".txt")), "invalid_request", "name"),
        (form(("file", TEXT, "x" * 5000 + ".txt")), "invalid_form", "file"),
        (form(("file", TEXT, "")), "invalid_request", "name"),
        (form(("file", b"", "a.txt")), "empty_document", "file"),
        (form(("file", TEXT, "a.pdf")), "mislabelled_document", "file"),
    ],
)  # fmt: skip
async def test_uploads_that_cannot_be_kept_leave_nothing(base, admin, body, code, param):
    response = await admin.post(DOCUMENTS, content=body, headers={"content-type": FORM})
    assert error_of(response, 400, code)["param"] == param
    assert (await admin.get(DOCUMENTS)).json()["data"] == []
    assert not (base.documents / "rules").exists()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "multipart/form-data"])
async def test_an_upload_of_another_content_type(base, admin, kind):
    response = await admin.post(DOCUMENTS, content=form(("file", TEXT, "a.txt")), headers={"content-type": kind})
    error_of(response, 400, "missing_file")
    error_of(await upload(admin, name="a.exe"), 415, "unsupported")


async def test_an_upload_that_breaks_off(base, app, keys, admin):
    """The client sends less than it announced and goes."""
    body = form(("file", TEXT, "a.txt"))
    messages = [{"type": "http.request", "body": body[:70], "more_body": True}, {"type": "http.disconnect"}]
    sent = []

    async def receive():
        return messages.pop(0) if messages else await asyncio.sleep(3600)

    async def send(message):
        sent.append(message)

    headers = {"authorization": f"Bearer {keys['admin']}", "content-type": FORM, "content-length": str(len(body))}
    scope = {
        "type": "http", "method": "POST", "path": DOCUMENTS, "raw_path": DOCUMENTS.encode(), "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "http_version": "1.1",
        "scheme": "http", "server": ("gateway", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert (await admin.get(DOCUMENTS)).json()["data"] == []
    assert not (base.documents / "rules").exists()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"query": "x", "as_of": "2026-02-30"}, "as_of"),
        ({"query": "x", "as_of": 5}, "as_of"),
        ({"query": "x", "documents": "doc_1"}, "documents"),
        ({"query": "x", "tenant": "b"}, "tenant"),
        ({"query": "x", "k": 101}, "k"),
    ],
)
async def test_searches_that_mean_nothing(base, admin, body, param):
    response = await admin.post(f"{BASE}/search", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


async def test_days_are_told_in_both_languages(base, admin):
    address = f"{DOCUMENTS}/doc_1"
    english = error_of(await admin.patch(address, json={"expires_on": "soon"}), 400, "invalid_value")["message"]
    assert "YYYY-MM-DD" in english


async def test_the_same_upload_twice_is_told(base, admin):
    assert (await upload(admin)).status_code == 201
    again = await upload(admin, name="other.txt")
    assert (again.status_code, again.json()["duplicate"], again.json()["name"]) == (200, True, "lockers.txt")
