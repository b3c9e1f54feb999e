"""Documents kept, indexed, found and deleted; damage and restarts. Access and versions have files of their own."""

import io
import shutil
import threading

import pytest
from reportlab.pdfgen import canvas

from appliance.core.errors import BodyTooLarge, DiskFull, InvalidRequest, NotFound, Unavailable, Unsupported
from appliance.core.messages import _, speaking
from appliance.knowledge.models import Details, Selection
from appliance.knowledge.readers.limits import Limits
from tests.unit.knowledge.conftest import open_store
from tests.unit.knowledge.principals import PLATFORM, index_all, prepare_here

RULES = b"Lockers\n\nA small locker costs 300 yuan a year. The key deposit is 500 yuan.\n"
LEAVE = "休假规定\n\n婚假为15天，应当在领取结婚证后一年内休完。\n".encode()


@pytest.fixture
def store(quick):
    quick.ensure_base(PLATFORM, "rules", "Rules")
    return quick


def reopened(folder, embedder):
    return open_store(folder, embedder, prepare=prepare_here)


def add(store, name, content, details=None):
    return store.add_document(PLATFORM, "rules", name, content, details or Details())


def found(store, query="locker"):
    return [passage.document for passage in store.search(PLATFORM, "rules", query)]


def states(store):
    return {document.name: document.status for document in store.documents(PLATFORM, "rules")}


def test_a_document_is_kept_indexed_found_and_gone_again(store, tmp_path):
    added = add(store, "lockers.txt", RULES)
    assert (added.status, added.stage, added.version) == ("pending", "waiting", 1)
    path, version = store.original(PLATFORM, "rules", added.id)
    assert (path.read_bytes(), version.media_type) == (RULES, "text/plain")
    assert found(store) == []
    assert index_all(store) == ["done"]
    document = store.document(PLATFORM, "rules", added.id)
    assert (document.status, document.stage, document.in_force, document.chunks) == ("indexed", None, 1, 1)
    passage = store.search(PLATFORM, "rules", "What is the rent of a small locker?")[0]
    assert (passage.document, passage.document_id, passage.version) == ("lockers.txt", added.id, 1)
    assert "300 yuan" in passage.text
    store.delete_document(PLATFORM, "rules", added.id)
    assert store.documents(PLATFORM, "rules") == []
    assert found(store) == []
    assert list((tmp_path / "documents" / "rules").iterdir()) == []


def test_a_document_read_in_a_confined_process(tmp_path, embedder):
    store = open_store(tmp_path, embedder)
    store.ensure_base(PLATFORM, "rules", "Rules")
    add(store, "lockers.txt", RULES)
    assert index_all(store) == ["done"]
    assert found(store) == ["lockers.txt"]


def test_the_same_bytes_twice_are_one_document(store):
    first = add(store, "a.txt", RULES)
    second = add(store, "b.txt", RULES)
    assert (second.id, second.name, second.duplicate) == (first.id, "a.txt", True)
    assert first.duplicate is False


def test_uploads_of_the_same_bytes_at_once_are_one_document(store, tmp_path):
    results = []
    start = threading.Barrier(6)

    def upload(number):
        start.wait()
        results.append(add(store, f"{number}.txt", RULES))

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({document.id for document in results}) == 1
    assert sum(not document.duplicate for document in results) == 1
    assert len(list((tmp_path / "documents" / "rules").iterdir())) == 1


@pytest.mark.parametrize(
    "name", ["../a.md", "a/b.md", "a\\b.md", "a\n.md", "a\u202e.md", "x" * 5000 + ".md", "", ".md/..", "a\x00.md"]
)
def test_file_names_that_could_harm_are_refused(store, name, tmp_path):
    with pytest.raises((InvalidRequest, Unsupported)) as caught:
        add(store, name, RULES)
    assert caught.value.param == "name"
    assert store.documents(PLATFORM, "rules") == []
    assert not (tmp_path / "documents" / "rules").exists()


@pytest.mark.parametrize("name", ["Rules", "../rules", "", "a" * 65, "规定"])
def test_names_of_bases_are_checked(store, name):
    with pytest.raises(InvalidRequest):
        store.ensure_base(PLATFORM, name, "x")
    with pytest.raises(NotFound):
        store.search(PLATFORM, name, "locker")


def test_a_base_is_made_once_and_changed(store):
    assert store.ensure_base(PLATFORM, "rules", "Another title").title == "Rules"
    changed = store.change_base(PLATFORM, "rules", title="House rules", shared_with=["b", "b"])
    assert (changed.title, changed.shared_with) == ("House rules", ["b"])
    assert [base.title for base in store.bases(PLATFORM)] == ["House rules"]
    for bad in ("", "x" * 201, "a\nb"):
        with pytest.raises(InvalidRequest):
            store.change_base(PLATFORM, "rules", title=bad)
    with pytest.raises(InvalidRequest):
        store.change_base(PLATFORM, "rules", shared_with=["Not A Tenant"])


def test_types_and_sizes_are_checked_at_upload(tmp_path, embedder):
    store = open_store(tmp_path, embedder, limits=Limits(file_bytes=100))
    store.ensure_base(PLATFORM, "rules", "Rules")
    with pytest.raises(Unsupported):
        add(store, "a.exe", RULES)
    with pytest.raises(BodyTooLarge):
        add(store, "a.txt", b"x" * 101)
    with pytest.raises(NotFound):
        store.add_document(PLATFORM, "nowhere", "a.txt", RULES)


@pytest.mark.parametrize(
    ("details", "param"),
    [
        ({"department": " "}, "department"),
        ({"department": "a\nb"}, "department"),
        ({"access": ["everybody"]}, "access"),
        ({"access": ["tenant:A B"]}, "access"),
        ({"effective_on": "2026-02-02", "expires_on": "2026-02-01"}, "expires_on"),
    ],
)
def test_details_that_mean_nothing_are_refused(store, details, param):
    with pytest.raises(InvalidRequest) as caught:
        add(store, "a.txt", RULES, Details(**details))
    assert caught.value.param == param
    kept = add(store, "a.txt", RULES, Details(effective_on="2026-02-02", access=["role:caller"]))
    changes = {"expires_on": "2026-02-01"} if param == "expires_on" else details
    with pytest.raises(InvalidRequest):
        store.change_document(PLATFORM, "rules", kept.id, Details(**changes))
    now = store.document(PLATFORM, "rules", kept.id)
    assert (now.access, now.department, now.expires_on) == (["role:caller"], None, None)


def test_a_document_that_cannot_be_read_is_set_aside_for_good(store, tmp_path, embedder):
    add(store, "broken.txt", b"\xff\xfe\x00\xd8")  # half a character
    add(store, "lockers.txt", RULES)
    assert sorted(index_all(store)) == ["done", "failed"]
    assert index_all(store) == []
    for opened in (store, reopened(tmp_path, embedder)):
        failed = opened.documents(PLATFORM, "rules")[0]
        assert failed.status == "failed"
        assert "broken.txt" in failed.reason
        assert found(opened) == ["lockers.txt"]


def test_an_attempt_that_killed_the_process_counts(store, tmp_path, embedder):
    add(store, "lockers.txt", RULES)
    key = store._rows.of_base("rules")[0].newest.key
    for _death in range(2):
        store._rows.start_attempt(key)  # as far as a process gets that dies while reading
    assert index_all(reopened(tmp_path, embedder)) == ["failed"]


def test_a_fault_of_the_machine_leaves_a_document_pending(tmp_path, embedder):
    faults = [DiskFull, Unavailable] * 3

    def prepare(path, name, limits):
        if faults:
            raise faults.pop()(_("The appliance is gone."))
        return prepare_here(path, name, limits)

    store = open_store(tmp_path, embedder, prepare=prepare)
    store.ensure_base(PLATFORM, "rules", "Rules")
    add(store, "lockers.txt", RULES)
    while faults:
        with pytest.raises((DiskFull, Unavailable)):
            index_all(store)
    assert states(store) == {"lockers.txt": "pending"}
    assert index_all(store) == ["done"]


def test_the_stage_of_a_document_can_be_watched(tmp_path, embedder):
    seen = []

    def look():
        document = store.documents(PLATFORM, "rules")[0]
        seen.append((document.stage, document.progress))

    def prepare(path, name, limits):
        look()
        return prepare_here(path, name, limits)

    class Watched:
        name, dimensions = embedder.name, embedder.dimensions

        def embed(self, texts, kind):
            look()
            return embedder.embed(texts, kind)

    store = open_store(tmp_path, Watched(), prepare=prepare)
    store.ensure_base(PLATFORM, "rules", "Rules")
    add(store, "long.txt", "\n".join(f"{number}. Rule number {number} holds." for number in range(40)).encode())
    look()
    index_all(store)
    look()
    begun, later = ("embedding", 0.0), ("embedding", pytest.approx(0.8, abs=0.05))
    assert seen == [("waiting", 0.0), ("reading", 0.0), begun, later, (None, None)]


def test_documents_wait_over_a_restart(store, tmp_path, embedder):
    add(store, "lockers.txt", RULES)
    again = reopened(tmp_path, embedder)
    assert again.pending() == 1
    assert index_all(again) == ["done"]
    assert again.pending() == 0


@pytest.mark.parametrize("harm", ["removed", "emptied", "scribbled"])
def test_a_lost_or_damaged_index_is_made_again(store, tmp_path, embedder, harm):
    add(store, "lockers.txt", RULES)
    index_all(store)
    folder = tmp_path / "indexes" / "rules"
    if harm == "removed":
        shutil.rmtree(folder)
    else:
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix != ".json":
                path.write_bytes(b"" if harm == "emptied" else b"\x00scribble")
    again = reopened(tmp_path, embedder)
    assert again.pending() == 1
    with pytest.raises(Unavailable):  # better no answer than "not in the documents"
        found(again)
    assert index_all(again) == ["done"]
    assert found(again) == ["lockers.txt"]


def test_damage_met_by_a_search_is_told_and_mended(store, tmp_path):
    add(store, "lockers.txt", RULES)
    index_all(store)
    shutil.rmtree(tmp_path / "indexes" / "rules" / "lance")
    for _attempt in range(2):
        with pytest.raises(Unavailable) as caught:
            found(store)
        assert caught.value.code == "index_rebuilding"
    assert index_all(store) == ["done"]
    assert found(store) == ["lockers.txt"]


def test_another_embedder_means_another_index(store, tmp_path, embedder):
    add(store, "lockers.txt", RULES)
    index_all(store)

    class Renamed:
        name = "other-1"
        dimensions = embedder.dimensions
        embed = staticmethod(embedder.embed)

    assert reopened(tmp_path, embedder).pending() == 0
    assert reopened(tmp_path, Renamed()).pending() == 1


def test_index_and_rows_are_brought_to_agree(store, tmp_path, embedder):
    kept = add(store, "lockers.txt", RULES)
    dropped = add(store, "leave.txt", LEAVE)
    index_all(store)
    store._rows.delete(dropped.id)  # a power cut after the row was deleted and before the index and the file were
    (tmp_path / "documents" / "rules" / ".x.part").write_bytes(b"an upload that was cut off")
    again = reopened(tmp_path, embedder)
    assert set(found(again, "婚假几天")) == {"lockers.txt"}
    assert [path.stem for path in (tmp_path / "documents" / "rules").iterdir()] == [kept.id]


def test_rebuild_tries_the_failed_ones_again(store):
    add(store, "broken.txt", b"\xff\xfe\x00\xd8")
    add(store, "lockers.txt", RULES)
    index_all(store)
    store.rebuild(PLATFORM, "rules")
    assert set(states(store).values()) == {"pending"}
    assert sorted(index_all(store, "rules")) == ["done", "failed"]
    assert found(store) == ["lockers.txt"]


def test_reasons_are_told_in_the_readers_language(store):
    add(store, "broken.txt", b"\xff\xfe\x00\xd8")
    index_all(store)
    with speaking("en"):
        english = store.documents(PLATFORM, "rules")[0].reason
    with speaking("zh_CN"):
        assert store.documents(PLATFORM, "rules")[0].reason != english


def test_documents_of_another_base_are_not_found(store):
    added = add(store, "lockers.txt", RULES)
    store.ensure_base(PLATFORM, "other", "Other")
    index_all(store)
    assert store.search(PLATFORM, "other", "locker") == []
    with pytest.raises(NotFound):
        store.delete_document(PLATFORM, "other", added.id)


def test_a_base_is_deleted_with_everything_in_it(store, tmp_path, embedder):
    add(store, "lockers.txt", RULES)
    index_all(store)
    store.delete_base(PLATFORM, "rules")
    assert store.bases(PLATFORM) == []
    assert list((tmp_path / "documents").iterdir()) == list((tmp_path / "indexes").iterdir()) == []
    with pytest.raises(NotFound):
        found(store)
    store.ensure_base(PLATFORM, "rules", "New")
    add(store, "leave.txt", LEAVE)
    assert index_all(store) == ["done"]
    assert found(store) == ["leave.txt"]


@pytest.mark.parametrize("committed", [False, True])
def test_a_deletion_that_a_power_cut_broke_off_is_undone_or_finished(store, tmp_path, embedder, committed):
    added = add(store, "lockers.txt", RULES)
    store._originals.set_aside("rules")
    if committed:
        store._bases.delete("rules")
    again = reopened(tmp_path, embedder)
    if committed:
        assert again.bases(PLATFORM) == []
        again.ensure_base(PLATFORM, "other", "Other")  # the first use finishes it
    else:
        assert again.original(PLATFORM, "rules", added.id)[0].read_bytes() == RULES
    assert list((tmp_path / "documents").glob(".deleted-*")) == []


def test_near_duplicates_are_told(store):
    text = "\n\n".join(f"Rule {number}: branch {number} opens at {number % 12} o'clock." for number in range(60))
    first = add(store, "a.txt", text.encode())
    second = add(store, "b.txt", text.replace("branch 7 ", "office 7 ").encode())
    add(store, "lockers.txt", RULES)
    index_all(store)
    (similar,) = store.document(PLATFORM, "rules", first.id).similar
    assert (similar.document_id, similar.document) == (second.id, "b.txt")
    assert 0.8 <= similar.similarity < 1


def test_a_page_is_shown_with_the_quoted_lines_marked(store):
    page = io.BytesIO()
    pdf = canvas.Canvas(page)
    pdf.drawString(72, 700, "A small locker costs 300 yuan a year.")
    pdf.drawString(72, 650, "The key deposit is 500 yuan.")
    pdf.save()
    added = add(store, "fees.pdf", page.getvalue())
    index_all(store)
    passage = store.search(PLATFORM, "rules", "key deposit")[0]
    at = passage.start + passage.text.index("The key")
    plain = store.page_picture(PLATFORM, "rules", added.id, 1)
    marked = store.page_picture(PLATFORM, "rules", added.id, 1, 1, at, at + 5)
    assert plain.startswith(b"\x89PNG")
    assert plain != marked
    assert store.page_picture(PLATFORM, "rules", added.id, 1, 1, 5000, 5001) == plain
    with pytest.raises(NotFound):
        store.page_picture(PLATFORM, "rules", added.id, 2)
    other = add(store, "lockers.txt", RULES)
    with pytest.raises(InvalidRequest):
        store.page_picture(PLATFORM, "rules", other.id, 1)


def test_a_glossary_is_kept_and_its_mistakes_are_named(store):
    text = "活期存款,活期|demand deposit,current account\n\n柜面|counter\n"
    store.set_glossary(PLATFORM, "rules", text)
    assert store.glossary(PLATFORM, "rules") == text
    for bad in ("活期|demand\nno bar", "a|b\n|b", "a|b\n活期|a|b"):
        with pytest.raises(InvalidRequest, match="2"):
            store.set_glossary(PLATFORM, "rules", bad)
    assert store.glossary(PLATFORM, "rules") == text


def test_a_selection_limits_a_search(store):
    lockers = add(store, "lockers.txt", RULES, Details(department="零售部"))
    add(store, "leave.md", LEAVE, Details(department="人事部"))
    index_all(store)

    def names(**selection):
        passages = store.search(PLATFORM, "rules", "locker 婚假", selection=Selection(**selection))
        return {passage.document for passage in passages}

    assert names() == {"lockers.txt", "leave.md"}
    assert names(departments=["零售部"]) == {"lockers.txt"}
    assert names(documents=[lockers.id, "doc_none"]) == {"lockers.txt"}
    assert names(media_types=["text/markdown"]) == {"leave.md"}
    assert names(documents=[lockers.id], departments=["人事部"]) == set()
    assert names(documents=[]) == set()


@pytest.mark.parametrize("question", ["", "   ", "？！", "x" * 2001])
def test_questions_are_checked(store, question):
    with pytest.raises(InvalidRequest) as caught:
        store.answer(PLATFORM, "rules", question)
    assert caught.value.param == "question"


def test_an_empty_base_declines(store):
    answer = store.answer(PLATFORM, "rules", "婚假几天？")
    assert answer.answered is False
    assert answer.language == "zh"
