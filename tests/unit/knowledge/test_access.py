"""Two tenants with canaries: every method of the store tried by everybody, and no word of one seen by the other."""

import inspect
from functools import partial

import pytest

from appliance.core.errors import ApplianceError, Conflict, NotFound, PermissionDenied
from appliance.core.principal import Principal
from appliance.knowledge.models import Details, Selection
from tests.unit.knowledge.conftest import open_store
from tests.unit.knowledge.principals import (
    A_ADMIN,
    A_CALLER,
    B_ADMIN,
    B_CALLER,
    PLATFORM,
    index_all,
    prepare_here,
)

A_ONLY, B_ONLY, CHOSEN, TEAM = "zebrafish", "yellowtail", "xenolith", "wolframite"
CANARIES = (A_ONLY, B_ONLY, CHOSEN, TEAM)
OUTSIDER = Principal("c", "caller", "lma-c-caller")
EVERYBODY = {
    "platform": PLATFORM, "a admin": A_ADMIN, "a caller": A_CALLER, "b admin": B_ADMIN, "b caller": B_CALLER,
    "outsider": OUTSIDER,
}  # fmt: skip
# Whose words each may see: of `a-private`, of `b-private`, and of two documents in `shared`, which a owns and shares
# with b: one is for tenant b and the other for one key of a.
MAY_SEE = {
    "platform": {A_ONLY, B_ONLY, CHOSEN, TEAM},
    "a admin": {A_ONLY, CHOSEN, TEAM},
    "a caller": {A_ONLY, TEAM},
    "b admin": {B_ONLY, CHOSEN},
    "b caller": {B_ONLY, CHOSEN},
    "outsider": set(),
}
READS = {
    "a-private": {"platform", "a admin", "a caller"},
    "b-private": {"platform", "b admin", "b caller"},
    "shared": {"platform", "a admin", "a caller", "b admin", "b caller"},
}
WRITES = {"a-private": {"platform", "a admin"}, "b-private": {"platform", "b admin"}, "shared": {"platform", "a admin"}}


def text(word):
    return f"The {word} vault\n\nThe {word} vault opens at 9 o'clock. Its code word is {word}.\n".encode()


@pytest.fixture(scope="module")
def bank(tmp_path_factory, embedder):
    """Give a store with the three bases, and the ids of the documents by canary."""
    store = open_store(tmp_path_factory.mktemp("bank"), embedder, prepare=prepare_here)
    ids = {}

    def add(who, base, word, **details):
        ids[word] = store.add_document(who, base, f"{word}.txt", text(word), Details(**details)).id

    store.ensure_base(A_ADMIN, "a-private", f"Titled {A_ONLY}")
    store.ensure_base(B_ADMIN, "b-private", f"Titled {B_ONLY}")
    store.ensure_base(A_ADMIN, "shared", "Shared", ["b"])
    store.set_glossary(A_ADMIN, "a-private", f"{A_ONLY}|{A_ONLY}")
    store.set_glossary(B_ADMIN, "b-private", f"{B_ONLY}|{B_ONLY}")
    add(A_ADMIN, "a-private", A_ONLY, department=A_ONLY)
    add(B_ADMIN, "b-private", B_ONLY, department=B_ONLY)
    add(A_ADMIN, "shared", CHOSEN, access=["tenant:b"])
    add(A_ADMIN, "shared", TEAM, access=["key:lma-a-caller"])
    index_all(store)
    return store, ids


def attempts(store, ids, who):
    """Yield (method, base, call) for every method that takes a caller and changes nothing."""
    every = Selection(documents=list(ids.values()))
    for base in ("a-private", "b-private", "shared", "missing"):
        for method, *more in (
            ("base",),
            ("glossary",),
            ("documents",),
            ("search", "vault code word", 50),
            ("search", "vault", 50, every),
            ("answer", "When does the vault open?", 10),
            ("ranked", "vault code word"),
            ("readable", list(ids.values())),
            *((method, identifier) for identifier in ids.values() for method in ("document", "versions", "original")),
            *(("page_picture", identifier, 1) for identifier in ids.values()),
        ):
            yield method, base, partial(getattr(store, method), who, base, *more)
    yield "bases", None, partial(store.bases, who)


@pytest.mark.parametrize("name", EVERYBODY)
def test_nobody_sees_a_word_of_what_they_may_not_read(bank, name):
    store, ids = bank
    hidden = set(CANARIES) - MAY_SEE[name]
    seen = ""
    for method, base, call in attempts(store, ids, EVERYBODY[name]):
        try:
            result = call()
        except ApplianceError as error:
            result, refused = (str(error), getattr(error, "details", None)), type(error)
        else:
            refused = None
        if base is not None and name not in READS.get(base, ()):
            assert refused is NotFound, (method, base)
        told = repr(result)
        if method == "original" and isinstance(result, tuple) and hasattr(result[0], "read_text"):
            told += result[0].read_text()
        assert not [word for word in hidden if word in told], (method, base)
        seen += told
    assert [word for word in MAY_SEE[name] if word not in seen] == []


def test_every_method_that_takes_a_caller_is_tried(bank):
    store, ids = bank
    taking = {
        name
        for name, method in inspect.getmembers(type(store), inspect.isfunction)
        if not name.startswith("_") and "who" in inspect.signature(method).parameters
    }
    tried = {method for method, _base, _call in attempts(store, ids, PLATFORM)}
    assert taking - tried == set(WRITING)


WRITING = {
    "ensure_base": lambda store, who, base, _id: store.ensure_base(who, base, "x"),
    "change_base": lambda store, who, base, _id: store.change_base(who, base, title="Mine now"),
    "delete_base": lambda store, who, base, _id: store.delete_base(who, base),
    "set_glossary": lambda store, who, base, _id: store.set_glossary(who, base, "甲|mine"),
    "add_document": lambda store, who, base, _id: store.add_document(who, base, "new.txt", b"New words here."),
    "add_version": lambda store, who, base, id_: store.add_version(who, base, id_, "new.txt", b"New words here."),
    "change_document": lambda store, who, base, id_: store.change_document(who, base, id_, Details(department="x")),
    "delete_document": lambda store, who, base, id_: store.delete_document(who, base, id_),
    "rebuild": lambda store, who, base, _id: store.rebuild(who, base),
}
HOME = {A_ONLY: "a-private", B_ONLY: "b-private", CHOSEN: "shared", TEAM: "shared"}


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("method", WRITING)
def test_nobody_changes_what_they_may_not(bank, name, method):
    store, ids = bank
    before = [store.documents(PLATFORM, base) for base in READS], store.bases(PLATFORM)
    for word, base in HOME.items():
        if name in WRITES[base]:
            continue
        expected = PermissionDenied if name in READS[base] else NotFound
        if method == "ensure_base":  # a name is taken for all, which is all that is told
            expected = (PermissionDenied, Conflict)
        with pytest.raises(expected) as caught:
            WRITING[method](store, EVERYBODY[name], base, ids[word])
        hidden = set(CANARIES) - MAY_SEE[name]
        assert not [canary for canary in hidden if canary in f"{caught.value} {caught.value.details}"]
    assert ([store.documents(PLATFORM, base) for base in READS], store.bases(PLATFORM)) == before


def test_what_is_hidden_looks_exactly_like_what_is_missing(bank):
    store, ids = bank

    def refusal(call):
        with pytest.raises(NotFound) as caught:
            call()
        error = caught.value
        return str(error), error.code, error.param, error.details

    hidden = refusal(lambda: store.documents(B_CALLER, "a-private"))
    missing = refusal(lambda: store.documents(B_CALLER, "x-private"))
    assert (hidden[0].replace("a-private", "x-private"), *hidden[1:]) == missing
    assert missing[3] == {"knowledge_bases": ["b-private", "shared"]}
    known = ids[TEAM]
    unknown = known[:-4] + "zzzz"
    hidden = refusal(lambda: store.document(B_CALLER, "shared", known))
    missing = refusal(lambda: store.document(B_CALLER, "shared", unknown))
    assert (hidden[0].replace(known, unknown), *hidden[1:]) == missing


def test_counts_and_near_duplicates_are_of_what_one_may_read(tmp_path, embedder):
    store = open_store(tmp_path, embedder, prepare=prepare_here)
    store.ensure_base(A_ADMIN, "rules", "Rules", ["b"])
    words = "\n\n".join(f"Rule {number}: branch {number} opens at {number % 12} o'clock." for number in range(60))
    shown = store.add_document(A_ADMIN, "rules", "open.txt", words.encode())
    store.add_document(A_ADMIN, "rules", "secret.txt", f"{words} More.".encode(), Details(access=["role:admin"]))
    index_all(store)
    assert store.base(B_CALLER, "rules").documents == 1
    assert store.document(B_CALLER, "rules", shown.id).similar == []
    assert store.base(B_ADMIN, "rules").documents == 2
    assert [similar.document for similar in store.document(A_ADMIN, "rules", shown.id).similar] == ["secret.txt"]


def test_a_change_of_access_counts_from_the_next_search_on(tmp_path, embedder):
    store = open_store(tmp_path, embedder, prepare=prepare_here)
    store.ensure_base(A_ADMIN, "rules", "Rules")
    added = store.add_document(A_ADMIN, "rules", "vault.txt", text(CHOSEN))
    store.add_document(A_ADMIN, "rules", "other.txt", text("other"))
    index_all(store)

    def found(who):
        return {passage.document for passage in store.search(who, "rules", "vault")}

    assert found(A_CALLER) == {"vault.txt", "other.txt"}
    store.change_document(A_ADMIN, "rules", added.id, Details(access=["key:lma-somebody"]))
    assert found(A_CALLER) == {"other.txt"}
    assert found(A_ADMIN) == {"vault.txt", "other.txt"}
    store.change_document(A_ADMIN, "rules", added.id, Details(access=["role:caller"]))
    assert found(A_CALLER) == {"vault.txt", "other.txt"}
    with pytest.raises(NotFound):
        found(B_CALLER)
    store.change_base(A_ADMIN, "rules", shared_with=["*"])
    assert found(B_CALLER) == {"vault.txt", "other.txt"}
    store.change_base(A_ADMIN, "rules", shared_with=[])
    with pytest.raises(NotFound):
        found(B_CALLER)


def test_callers_make_no_bases(bank):
    store, _ids = bank
    with pytest.raises(PermissionDenied):
        store.ensure_base(A_CALLER, "mine", "Mine")
