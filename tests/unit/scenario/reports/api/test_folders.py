"""Folders of papers: what may be put there, what may not, and that nobody else knows of them."""

import base64

import pytest

from appliance.core.errors import BodyTooLarge, Conflict, InvalidRequest, NotFound
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN, B_CALLER
from tests.unit.scenario.reports.api.conftest import PAPERS


async def test_a_folder_shows_the_files_that_were_put_there(office):
    folder = await office.folder({"b.csv": b"1,2", "章程.pdf": b"%PDF-"}, subject=" 青岚 ")
    shown = await office.call("show-folder", folder_id=folder)
    assert [(one["name"], one["size"]) for one in shown["files"]] == [("b.csv", 3), ("章程.pdf", 5)]
    assert (shown["subject"], shown["bytes"], shown["files"][0]["kind"]) == ("青岚", 8, None)
    assert [one["id"] for one in (await office.call("list-folders"))["data"]] == [folder]


async def test_a_file_of_the_same_name_takes_the_place_of_the_old_one(office):
    folder = await office.folder({"a.csv": b"old"})
    shown = await office.put(folder, "a.csv", b"newer")
    assert [(one["name"], one["size"]) for one in shown["files"]] == [("a.csv", 5)]


@pytest.mark.parametrize(
    "name",
    [
        "../a.csv", "..", ".", "a/b.csv", "a\\b.csv", "/etc/passwd", ".hidden", "C:evil.txt", "a\x00.csv", "a\n.csv",
        "a\u202egpj.exe", "\u200b.csv", "   ", "x" * 201, "表" * 67, "\ud800.csv",
    ],
)  # fmt: skip
async def test_a_hostile_name_is_refused_and_leaves_nothing(office, own_files, name):
    folder = await office.folder({})
    before = sorted(own_files.rglob("*"))
    with pytest.raises(InvalidRequest) as refused:
        await office.put(folder, name, b"1")
    assert refused.value.param == "name"
    assert sorted(own_files.rglob("*")) == before


async def test_names_are_kept_in_one_form(office):
    folder = await office.folder({"e\u0301tat.csv": b"1", "\u00e9tat.csv": b"12"})
    assert [one["size"] for one in (await office.call("show-folder", folder_id=folder))["files"]] == [2]


async def test_what_was_not_uploaded_is_no_file(office, own_files):
    folder = await office.folder({"a.csv": b"1"})
    place = own_files / "data" / "a" / "folders" / folder
    (place / "link.txt").symlink_to("/etc/passwd")
    (place / "inner").mkdir()
    assert [one["name"] for one in (await office.call("show-folder", folder_id=folder))["files"]] == ["a.csv"]


async def test_files_that_are_none(office):
    folder = await office.folder({})
    for body, code in (
        ({"name": "a.csv", "content_base64": "?"}, "content_not_valid"),
        ({"name": "a.csv", "content_base64": base64.b64encode(b"").decode() or "===="}, "content_not_valid"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            await office.call("put-file", body, folder_id=folder)
        assert refused.value.code == code


async def test_the_bounds_of_settings_hold(office, own_files):
    (own_files / "settings.yaml").write_text(
        "most_files: 2\nmost_file_mib: 1\nmost_folder_mib: 1\nmost_folders: 2\n", encoding="utf-8"
    )
    folder = await office.folder({"a.csv": b"1"})
    with pytest.raises(BodyTooLarge):
        await office.put(folder, "large.csv", b"1" * (1024 * 1024 + 1))
    with pytest.raises(Conflict, match="more than 1 MiB"):
        await office.put(folder, "b.csv", b"1" * 1024 * 1024)
    await office.put(folder, "b.csv", b"2")
    with pytest.raises(Conflict) as refused:
        await office.put(folder, "c.csv", b"3")
    assert refused.value.code == "folder_full"
    await office.put(folder, "b.csv", b"another in its place")
    await office.folder({})
    with pytest.raises(Conflict) as refused:
        await office.folder({})
    assert refused.value.code == "too_many_folders"


async def test_settings_of_the_bank_that_are_faulty_change_nothing_and_are_named(office, own_files):
    (own_files / "settings.yaml").write_text("most_filse: 2\n", encoding="utf-8")
    shown = await office.call("show-settings", who=A_ADMIN)
    assert [one["name"] for one in shown["faults"]] == ["settings.yaml"]
    assert "most_filse" in shown["faults"][0]["text"]
    assert shown["data"][0]["own"] is False


@pytest.mark.parametrize("stranger", [B_ADMIN, B_CALLER, A_CALLER.__class__("a", "caller", "lma-colleague")])
async def test_nobody_else_knows_of_a_folder(office, stranger):
    folder = await office.folder(PAPERS)
    body = {"name": "a.csv", "content_base64": "MQ=="}
    for action, payload, parameters in (
        ("show-folder", None, {}),
        ("put-file", body, {}),
        ("fill-folder", {}, {}),
        ("delete-file", None, {"name": next(iter(PAPERS))}),
        ("delete-folder", None, {}),
    ):
        with pytest.raises(NotFound) as refused:
            await office.call(action, payload, stranger, folder_id=folder, **parameters)
        assert refused.value.code == "folder_not_found"
    with pytest.raises(NotFound):
        await office.call("start-report", {"folder": folder, "template": "tiny"}, stranger)
    assert (await office.call("list-folders", who=stranger))["data"] == []


@pytest.mark.parametrize("folder", ["folder_", "..", "../../secrets", "folder_" + "0" * 26])
async def test_an_id_that_no_folder_has(office, folder):
    with pytest.raises(NotFound):
        await office.call("show-folder", folder_id=folder)


async def test_a_deleted_folder_is_gone_from_the_disk(office, own_files):
    folder = await office.folder({"a.csv": b"1", "b.csv": b"2"})
    await office.call("delete-file", folder_id=folder, name="a.csv")
    with pytest.raises(NotFound):
        await office.call("delete-file", folder_id=folder, name="a.csv")
    await office.call("delete-folder", folder_id=folder)
    assert not (own_files / "data" / "a" / "folders" / folder).exists()
    with pytest.raises(NotFound):
        await office.call("show-folder", folder_id=folder)
