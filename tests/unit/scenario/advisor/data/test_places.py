"""Each tenant's files: what is taken, what is refused, and what is loaded from them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from appliance.core.errors import BodyTooLarge, InvalidRequest, NotFound
from scenarios.advisor.data import places
from scenarios.advisor.data.places import DataStore
from tests.unit.scenario.advisor.data.folders import CLIENTS, NAV, TARGETS, TODAY, make_folder, text_of


@pytest.fixture
def store(tmp_path):
    make_folder(tmp_path / "stores" / "bank-a")
    return DataStore(tmp_path / "stores")


def put(store, table, rows, tenant="bank-a"):
    return store.put_file(tenant, table, f"{table}.csv", text_of(rows).encode(), TODAY)


def test_a_dataset_is_loaded_once_and_again_when_its_files_change(store):
    first = store.dataset("bank-a", TODAY)
    assert store.dataset("bank-a", TODAY) is first
    assert put(store, "clients", [*CLIENTS, {**CLIENTS[0], "id": "C2"}]) == []
    assert set(store.dataset("bank-a", TODAY).clients) == {"C1", "C2"}
    assert set(first.clients) == {"C1"}
    assert store.dataset("bank-a", TODAY + timedelta(days=1)) is not first


def test_threads_share_one_dataset(store):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _number: store.dataset("bank-a", TODAY), range(16)))
    assert len({id(one) for one in found}) == 1


def test_a_file_with_errors_changes_nothing(store, tmp_path):
    before = (tmp_path / "stores" / "bank-a" / "nav.csv").read_bytes()
    faults = put(store, "nav", [*NAV[:3], {**NAV[3], "nav": "0"}, *NAV[4:]])
    assert [(fault.row, fault.column) for fault in faults] == [(5, "nav")]
    assert (tmp_path / "stores" / "bank-a" / "nav.csv").read_bytes() == before
    assert not list((tmp_path / "stores").glob(".check-*"))


def test_a_file_that_breaks_another_is_refused(store):
    faults = put(store, "clients", [{**CLIENTS[0], "id": "C7"}])
    assert {(fault.table, fault.column) for fault in faults} == {("holdings", "client")}
    assert set(store.dataset("bank-a", TODAY).clients) == {"C1"}


def test_errors_that_were_there_before_do_not_refuse_another_file(store, tmp_path):
    nav = tmp_path / "stores" / "bank-a" / "nav.csv"
    nav.write_text(text_of([*NAV[:3], {**NAV[3], "nav": "0"}, *NAV[4:]]), encoding="utf-8")
    assert put(store, "clients", [{**CLIENTS[0], "name": "New"}]) == []
    assert store.dataset("bank-a", TODAY).client("C1").name == "New"


def test_the_old_file_is_kept_once_and_another_ending_takes_its_place(store, tmp_path):
    folder = tmp_path / "stores" / "bank-a"
    before = (folder / "clients.csv").read_bytes()
    put(store, "clients", [{**CLIENTS[0], "name": "Second"}])
    assert (folder / ".previous" / "clients.csv").read_bytes() == before
    put(store, "clients", [{**CLIENTS[0], "name": "Third"}])
    assert "Second" in (folder / ".previous" / "clients.csv").read_text(encoding="utf-8")
    assert len(list((folder / ".previous").iterdir())) == 1


def test_tables_may_come_one_by_one(tmp_path):
    store = DataStore(tmp_path / "stores")
    source = make_folder(tmp_path / "source")
    for path in sorted(source.iterdir()):
        with pytest.raises(NotFound, match="lacks"):
            store.dataset("bank-b", TODAY)
        assert store.put_file("bank-b", path.stem, path.name, path.read_bytes(), TODAY) == []
    assert store.dataset("bank-b", TODAY).products.keys() == {"P1", "P2", "P3"}


def test_a_yaml_file_is_checked_too(store):
    text = TARGETS.replace("0.2", "0.3").encode()
    (fault,) = store.put_file("bank-a", "targets", "t.yaml", text, TODAY)
    assert "not to 1.1" in fault.message.render("en")
    assert store.put_file("bank-a", "targets", "t.yaml", TARGETS.encode(), TODAY) == []


@pytest.mark.parametrize("tenant", ["", "..", "a/b", "A", "-a", "a" * 65, ".sample"])
def test_names_of_tenants_are_parts_of_a_path(store, tenant):
    with pytest.raises(InvalidRequest):
        store.dataset(tenant, TODAY)
    with pytest.raises(InvalidRequest):
        store.put_file(tenant, "clients", "clients.csv", b"", TODAY)


@pytest.mark.parametrize(
    ("table", "file"), [("../nav", "a.csv"), ("nav", "nav.xlsx"), ("targets", "t.csv"), ("mood", "a.csv")]
)
def test_names_that_are_no_table_are_refused(store, table, file):
    with pytest.raises(InvalidRequest) as raised:
        store.put_file("bank-a", table, file, b"x", TODAY)
    assert raised.value.code == "table_not_valid"


def test_an_upload_that_is_too_large_is_refused(store, monkeypatch):
    monkeypatch.setattr(places, "MOST_UPLOAD", 10)
    with pytest.raises(BodyTooLarge):
        store.put_file("bank-a", "clients", "clients.csv", b"x" * 11, TODAY)


def test_a_tenant_without_data_has_the_sample_bank_until_its_own_is_complete(tmp_path):
    store = DataStore(tmp_path / "stores", samples=True)
    made_up = store.dataset("bank-c", TODAY)
    assert made_up.made_up
    assert len(made_up.clients) == 200
    assert store.dataset("bank-c", TODAY) is made_up
    source = make_folder(tmp_path / "source")
    for path in sorted(source.iterdir()):
        assert store.dataset("bank-c", TODAY).made_up
        assert store.put_file("bank-c", path.stem, path.name, path.read_bytes(), TODAY) == []
    own = store.dataset("bank-c", TODAY)
    assert not own.made_up
    assert own.clients.keys() == {"C1"}
