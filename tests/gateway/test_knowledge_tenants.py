"""Two tenants and what each may not read: for those who may not, it looks like something that is not there."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.gateway.documents import ASK, BASES, SCENARIO, add, ask, documents_of, new_base, ok, search
from tests.unit.knowledge.test_hostile_files import pdf

CANARY = "quillwort"
QUESTION = "What does the quillwort deposit pay?"
SECRET = pdf("The quillwort deposit pays 4.25 percent a year to staff.")
NO_BASE = "no-such-base"
NO_DOCUMENT = "doc_00000000000000000000000000"
NEW_FILE = {"files": {"file": ("new.md", "# New\n\nOther words.\n")}}
Call = tuple[str, str, dict]


@dataclass(frozen=True)
class Tenant:
    """A tenant's clients; `keys` are the keys of the same names."""

    admin: httpx.Client
    caller: httpx.Client
    keys: dict[str, str]
    ids: dict[str, str]


def tenant_of(stack, name: str, cleanup: ExitStack) -> Tenant:
    keys, ids = {}, {}
    for role in ("admin", "caller"):
        made = stack.cli("key", "create", f"{name} {role}", "--tenant", name, "--role", role, "--json")
        assert made.returncode == 0, made.stderr
        record = json.loads(made.stdout)
        keys[role], ids[role] = record["key"], record["id"]
        cleanup.callback(stack.cli, "key", "revoke", record["id"])
    clients = {role: cleanup.enter_context(stack.client(key=key)) for role, key in keys.items()}
    return Tenant(**clients, keys=keys, ids=ids)


@pytest.fixture(scope="module")
def tenants(stack) -> Iterator[tuple[Tenant, Tenant]]:
    """Return the tenants `retail` and `treasury`."""
    with ExitStack() as cleanup:
        yield tenant_of(stack, "retail", cleanup), tenant_of(stack, "treasury", cleanup)


@pytest.fixture(scope="module")
def private(tenants) -> Iterator[tuple[str, str]]:
    """Return base and document of `retail`, shared with nobody."""
    retail, _treasury = tenants
    with new_base(retail.admin, title=f"Private {CANARY}") as base:
        yield base, add(retail.admin, base, f"{CANARY}.pdf", SECRET, department=CANARY)["id"]


@pytest.fixture(scope="module")
def shared(tenants) -> Iterator[tuple[str, str, str]]:
    """Return a base of `retail` that `treasury` may read, an open document and one for retail's admins only."""
    retail, _treasury = tenants
    with new_base(retail.admin, title="Shared", shared_with=["treasury"]) as base:
        common = " ".join(f"Rule {number} holds for every deposit of the bank." for number in range(40))
        opened = add(retail.admin, base, "open.md", f"The lobelia deposit pays 2 percent. {common}\n")
        marks = {"access": f"key:{retail.ids['admin']}", "department": CANARY}
        closed = add(retail.admin, base, "closed.md", f"The {CANARY} deposit pays 9 percent. {common}\n", **marks)
        yield base, opened["id"], closed["id"]


def document_reads(base: str, document: str) -> list[Call]:
    """Return a request for each route that shows a document."""
    address = f"{documents_of(base)}/{document}"
    pages = f"{address}/pages/1.png"
    paths = ("", "/versions", "/file", "/file?version=1")
    return [("GET", f"{address}{path}", {}) for path in paths] + [
        ("GET", pages, {}),
        ("GET", f"{pages}?version=1&start=0&end=20", {}),
    ]


def document_changes(base: str, document: str) -> list[Call]:
    """Return a request for each route that changes a document."""
    address = f"{documents_of(base)}/{document}"
    return [
        ("PATCH", address, {"json": {"department": "x"}}),
        ("DELETE", address, {}),
        ("POST", f"{address}/versions", NEW_FILE),
    ]


def base_reads(base: str) -> list[Call]:
    """Return a request for each route that shows or searches a base."""
    address = f"{BASES}/{base}"
    asked = {"question": QUESTION, "knowledge_base": base}
    searched = {"query": QUESTION, "knowledge_base": base}
    return [("GET", f"{address}{path}", {}) for path in ("", "/glossary", "/documents")] + [
        ("POST", f"{address}/search", {"json": {"query": QUESTION}}),
        ("POST", ASK, {"json": asked}),
        ("POST", ASK, {"json": {**asked, "stream": True}}),
        ("POST", f"{SCENARIO}/conversations", {"json": {"knowledge_base": base}}),
        ("POST", f"{SCENARIO}/feedback", {"json": {**asked, "verdict": "wrong"}}),
        ("GET", f"{SCENARIO}/golden?knowledge_base={base}", {}),
        ("POST", "/v1/tools/search_knowledge", {"json": searched}),
        ("POST", "/v1/tools/ask_knowledge", {"json": asked}),
    ]


def base_changes(base: str) -> list[Call]:
    """Return a request for each route that changes a base."""
    address = f"{BASES}/{base}"
    return [
        ("PATCH", address, {"json": {"title": "mine"}}),
        ("DELETE", address, {}),
        ("PUT", f"{address}/glossary", {"json": {"text": ""}}),
        ("POST", f"{address}/rebuild", {}),
        ("POST", f"{address}/documents", NEW_FILE),
    ]


def every_request(base: str, document: str) -> list[Call]:
    return base_reads(base) + base_changes(base) + document_reads(base, document) + document_changes(base, document)


def assert_told_apart_by_nothing(
    client: httpx.Client, real: list[Call], missing: list[Call], names: dict[str, str]
) -> None:
    """Check that each request gets the 404 that one for a missing thing gets; `names` are real: missing."""
    for (method, address, body), (_method, elsewhere, other_body) in zip(real, missing, strict=True):
        refused = client.request(method, address, **body)
        unknown = client.request(method, elsewhere, **other_body)
        assert unknown.status_code == 404, (method, elsewhere, unknown.text)
        text = refused.text
        for name, instead in names.items():
            text = text.replace(name, instead)
        assert (refused.status_code, text) == (404, unknown.text), (method, address)
        assert CANARY not in refused.text + str(refused.headers).lower()


def test_a_private_base_is_not_there_for_another_tenant(tenants, private):
    retail, treasury = tenants
    base, document = private
    names = {base: NO_BASE, document: NO_DOCUMENT}
    assert_told_apart_by_nothing(
        treasury.admin, every_request(base, document), every_request(NO_BASE, NO_DOCUMENT), names
    )
    for client in (treasury.admin, treasury.caller):
        assert base not in {one["name"] for one in ok(client.get(BASES))["data"]}
        for path in (BASES, f"{SCENARIO}/conversations", f"{SCENARIO}/feedback"):
            assert CANARY not in client.get(path).text
        assert CANARY not in client.post("/v1/tools/list_knowledge_bases", json={}).text
    assert CANARY in ask(retail.caller, QUESTION, base)["answer"]
    assert ok(retail.caller.get(f"{documents_of(base)}/{document}"))["department"] == CANARY


def test_its_name_may_be_taken_and_nothing_else_be_learnt(tenants, private):
    _retail, treasury = tenants
    base, _document = private
    taken = treasury.admin.post(BASES, json={"name": base, "title": "Mine"})
    assert taken.status_code == 409
    assert taken.json()["error"]["code"] == "name_taken"
    assert CANARY not in taken.text


def test_another_base_is_no_way_to_its_documents(tenants, private):
    _retail, treasury = tenants
    _base, document = private
    with new_base(treasury.admin) as own:
        real = document_reads(own, document) + document_changes(own, document)
        missing = document_reads(own, NO_DOCUMENT) + document_changes(own, NO_DOCUMENT)
        assert_told_apart_by_nothing(treasury.admin, real, missing, {document: NO_DOCUMENT})
        same = add(treasury.admin, own, "same.pdf", SECRET)
        assert same["duplicate"] is False
        assert same["similar"] == []
        assert [passage["document_id"] for passage in search(treasury.caller, own, QUESTION)] == [same["id"]]
        narrowed = ask(treasury.caller, QUESTION, own, documents=[document])
        assert (narrowed["answered"], narrowed["citations"]) == (False, [])


def test_a_restricted_document_is_not_there_in_a_shared_base(tenants, shared):
    retail, treasury = tenants
    base, opened, closed = shared
    for client in (treasury.admin, treasury.caller, retail.caller):
        listed = client.get(documents_of(base))
        assert [document["id"] for document in ok(listed)["data"]] == [opened]
        assert ok(client.get(f"{BASES}/{base}"))["documents"] == 1
        shown = client.get(f"{documents_of(base)}/{opened}")
        assert ok(shown)["similar"] == []
        found = client.post(f"{BASES}/{base}/search", json={"query": CANARY, "k": 100})
        assert {passage["document_id"] for passage in ok(found)["data"]} <= {opened}
        asked = client.post(ASK, json={"question": QUESTION, "knowledge_base": base, "documents": [closed]})
        assert ok(asked)["answered"] is False
        assert search(client, base, QUESTION, departments=[CANARY]) == []
        for response in (listed, shown, found, asked):
            assert CANARY not in response.text
        real, missing = document_reads(base, closed), document_reads(base, NO_DOCUMENT)
        assert_told_apart_by_nothing(client, real, missing, {closed: NO_DOCUMENT})
    owner = ok(retail.admin.get(f"{documents_of(base)}/{opened}"))
    assert [other["document_id"] for other in owner["similar"]] == [closed]
    assert "9 percent" in ask(retail.admin, QUESTION, base)["answer"]


def test_those_who_read_a_base_do_not_change_it(tenants, shared):
    _retail, treasury = tenants
    base, opened, _closed = shared
    for method, address, body in base_changes(base) + document_changes(base, opened):
        refused = treasury.admin.request(method, address, **body)
        assert refused.status_code == 403, (method, address, refused.text)


async def test_mcp_gives_another_tenant_nothing(stack, tenants, private, shared):
    retail, treasury = tenants
    base, _document = private
    open_base, _opened, _closed = shared
    assert CANARY in str(await called(stack, retail.keys["caller"], base))
    answers = await called(stack, treasury.keys["admin"], base)
    unknown = await called(stack, treasury.keys["admin"], NO_BASE)
    assert str(answers[1:]).replace(base, NO_BASE) == str(unknown[1:])
    assert CANARY not in str(answers)
    assert CANARY not in str(await called(stack, treasury.keys["caller"], open_base, "lobelia"))


async def called(stack, key: str, base: str, word: str = "deposit") -> list[str]:
    """Return what the three tools tell the official MCP client about a base."""
    headers = {"Authorization": f"Bearer {key}"}
    arguments = {"knowledge_base": base}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
        Client(streamable_http_client(f"{stack.url}/mcp", http_client=http)) as client,
    ):
        results = [
            await client.call_tool("list_knowledge_bases", {}),
            await client.call_tool("search_knowledge", {**arguments, "query": word}),
            await client.call_tool("ask_knowledge", {**arguments, "question": f"What does the {word} pay?"}),
        ]
    return [result.content[0].text for result in results]


def test_a_conversation_withholds_what_was_closed_since(tenants, shared):
    retail, treasury = tenants
    base, opened, _closed = shared
    begun = ok(treasury.caller.post(f"{SCENARIO}/conversations", json={"knowledge_base": base}), 201)
    answer = ask(treasury.caller, "What does the lobelia deposit pay?", base, conversation_id=begun["id"])
    assert "2 percent" in answer["answer"]
    address = f"{SCENARIO}/conversations/{begun['id']}"
    assert "2 percent" in treasury.caller.get(address).text

    document = f"{documents_of(base)}/{opened}"
    ok(retail.admin.patch(document, json={"access": ["tenant:retail"]}))
    reread = treasury.caller.get(address)
    (turn,) = ok(reread)["turns"]
    assert turn["withheld"] == len(answer["citations"])
    assert "2 percent" not in reread.text
    assert "Rule 1 holds" not in reread.text
    assert turn["answer"]["answer"]
    again = ask(treasury.caller, "And what else does it pay?", base, conversation_id=begun["id"])
    assert (again["answered"], again["citations"]) == (False, [])

    ok(retail.admin.patch(document, json={"access": []}))
    assert "2 percent" in treasury.caller.get(address).text


def test_a_conversation_is_there_for_nobody_else(tenants, shared):
    retail, treasury = tenants
    base, _opened, _closed = shared
    mine = {"knowledge_base": base, "user": "teller-7", "title": CANARY}
    begun = ok(retail.caller.post(f"{SCENARIO}/conversations", json=mine), 201)
    answer = ask(retail.caller, "Lobelia deposit?", base, conversation_id=begun["id"], user="teller-7")
    missing = "conversation_00000000000000000000000000"
    names = {begun["id"]: missing, answer["answer_id"]: missing}

    def requests(conversation: str, answer_id: str, user: str) -> list[Call]:
        address = f"{SCENARIO}/conversations/{conversation}?user={user}"
        asked = {"question": "Lobelia?", "conversation_id": conversation, "user": user}
        told = {"verdict": "wrong", "answer_id": answer_id, "user": user}
        return [
            ("GET", address, {}),
            ("DELETE", address, {}),
            ("POST", ASK, {"json": asked}),
            ("POST", f"{SCENARIO}/feedback", {"json": told}),
        ]

    for client, user in (
        (retail.caller, "teller-8"), (retail.admin, "teller-7"), (treasury.admin, "teller-7"),
        (treasury.caller, "teller-7"),
    ):  # fmt: skip
        real = requests(begun["id"], answer["answer_id"], user)
        assert_told_apart_by_nothing(client, real, requests(missing, missing, user), names)
        assert CANARY not in client.get(f"{SCENARIO}/conversations?user={user}").text
    assert ok(retail.caller.get(f"{SCENARIO}/conversations/{begun['id']}?user=teller-7"))["turn_count"] == 1
