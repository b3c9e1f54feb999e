"""Knowledge bases over the appliance's own shapes, and what it refuses."""

import pytest

from appliance.core.errors import Conflict, NotFound, NotRunning, PermissionDenied, Unavailable
from appliance.knowledge.models import Document, DocumentVersion, KnowledgeBase, Passage
from tests.tui.knowledge_double import BASES, BROKEN, FEES, PASSAGES, RULES, SEATS, KnowledgeDouble, version_of


@pytest.fixture
def double():
    return KnowledgeDouble()


@pytest.fixture
def source(double, tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1\n")
    return double.source(key_file)


def test_the_double_has_the_shapes_of_the_service():
    for row in (*RULES, *SEATS):
        Document.model_validate(row)
        DocumentVersion.model_validate(version_of(row))
    for base in BASES:
        KnowledgeBase.model_validate(base)
    for passage in PASSAGES:
        Passage.model_validate(passage)


async def test_bases_with_their_documents(source):
    rules, seats = await source.bases()
    assert (rules.base.name, rules.counts.state, rules.counts.pending, rules.counts.failed) == (
        "bank-rules", "troubled", 2, 1,
    )  # fmt: skip
    assert (seats.counts.state, seats.counts.size_bytes) == ("ready", 20_480)


async def test_a_document_with_its_versions(source):
    whole = await source.document("bank-rules", FEES["id"])
    assert (whole.document.department, [one.version for one in whole.versions]) == ("计划财务部", [1, 2])


async def test_a_search(source, double):
    found = await source.search("bank-rules", "挂失")
    assert [(one.document, one.page, one.row) for one in found] == [
        ("个人业务收费标准.xlsx", None, 14), ("card-terms-2026.pdf", 3, None),
    ]  # fmt: skip
    assert double.asked[-1] == ("POST", "/bank-rules/search", {"query": "挂失", "k": 8})


async def test_changes_are_sent_as_the_api_takes_them(source, double):
    await source.delete("bank-rules", BROKEN["id"])
    assert (await source.rebuild("seat-handbook")).pending == 1
    assert double.asked == [("DELETE", f"/bank-rules/documents/{BROKEN['id']}"), ("POST", "/seat-handbook/rebuild")]


async def test_files_are_added_as_the_command_line_adds_them(source, double, tmp_path):
    (tmp_path / "papers" / "more").mkdir(parents=True)
    for name in ("fees.pdf", "more/terms.pdf", ".hidden"):
        (tmp_path / "papers" / name).write_bytes(b"%PDF-1.7")
    news = list(source.adding("bank-rules", [tmp_path / "papers"]))
    assert [one.ok for one in news if hasattr(one, "ok")] == [True, True]
    assert [entry[2] for entry in double.asked if len(entry) > 3] == ["fees.pdf", "terms.pdf"]
    assert {entry[3]["wait"] for entry in double.asked if len(entry) > 3} == {"false"}


async def test_who_may_write_but_not_make_bases_adds_files(source, double, tmp_path):
    (tmp_path / "fees.pdf").write_bytes(b"%PDF-1.7")
    plain = double._answered

    def refusing(request, path):
        if (request.method, path) == ("POST", ""):
            return 403, {"error": {"message": "no", "type": "x", "param": None, "code": "permission_denied"}}
        return plain(request, path)

    double._answered = refusing
    assert any(getattr(one, "ok", False) for one in source.adding("bank-rules", [tmp_path / "fees.pdf"]))


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        ((403, "permission_denied", "no"), PermissionDenied),
        ((404, "not_found", "There is no such thing here."), NotFound),
        ((409, "name_taken", "taken"), Conflict),
        ((503, "index_rebuilding", "later"), Unavailable),
    ],
)
async def test_what_a_refusal_means(source, double, refusal, error):
    double.refusal = refusal
    for asked in (
        source.bases(), source.documents("bank-rules"), source.document("bank-rules", "doc_1"),
        source.search("bank-rules", "x"), source.delete("bank-rules", "doc_1"), source.rebuild("bank-rules"),
    ):  # fmt: skip
        with pytest.raises(error):
            await asked


async def test_nobody_there_and_what_is_no_answer_of_this_version(source, double):
    double.bases = [{"name": "x"}]
    with pytest.raises(Unavailable):
        await source.bases()
    double.down = True
    with pytest.raises(NotRunning):
        await source.bases()
