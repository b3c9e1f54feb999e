"""Versions and dates: the text that counts is the one in force on the day, and it changes in one step."""

import json
from threading import Event, Thread

from tests.gateway.documents import BASES, add, ask, day, documents_of, new_base, ok, search
from tests.gateway.stack import wait_until

QUESTION = "What does a small safe deposit box cost a year?"


def boxes(fee: int) -> str:
    return f"# Safe deposit boxes\n\nA small safe deposit box costs {fee} yuan a year.\n"


def test_an_answer_comes_from_the_version_in_force_on_the_day(stack, http, base, tmp_path):
    document = add(http, base, "boxes.md", boxes(310), effective_on=day(-400))
    path = tmp_path / "boxes.md"
    path.write_text(boxes(320), encoding="utf-8")
    added = stack.cli(
        "kb", "add", str(path), "--kb", base, "--version-of", "boxes.md", "--effective", day(-30), "--json"
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    add(http, base, "boxes.md", boxes(330), document=document["id"], effective_on=day(30))

    for as_of, version, fee in ((None, 2, 320), (day(-200), 1, 310), (day(-30), 2, 320), (day(40), 3, 330)):
        answer = ask(http, QUESTION, base, as_of=as_of)
        assert answer["as_of"] == (as_of or day(0))
        assert f"{fee} yuan" in answer["answer"]
        assert [citation["version"] for citation in answer["citations"]] == [version]
        assert {passage["version"] for passage in search(http, base, QUESTION, as_of=as_of)} == {version}
    before = ask(http, QUESTION, base, as_of=day(-500))
    assert (before["answered"], before["citations"]) == (False, [])
    assert search(http, base, QUESTION, as_of=day(-500)) == []

    shown = ok(http.get(f"{documents_of(base)}/{document['id']}"))
    assert (shown["version"], shown["in_force"]) == (3, 2)
    versions = ok(http.get(f"{documents_of(base)}/{document['id']}/versions"))["data"]
    assert [(one["version"], one["effective_on"]) for one in versions] == [(1, day(-400)), (2, day(-30)), (3, day(30))]
    asked = stack.cli("ask", QUESTION, "--kb", base, "--as-of", day(-200), "--json")
    assert json.loads(asked.stdout)["citations"][0]["version"] == 1


def test_an_expired_document_counts_only_on_its_days(http, base):
    document = add(http, base, "offer.md", boxes(99), effective_on=day(-20), expires_on=day(-10))
    assert document["in_force"] is None
    assert ask(http, QUESTION, base)["answered"] is False
    assert search(http, base, QUESTION) == []
    for as_of in (day(-20), day(-10)):
        assert "99 yuan" in ask(http, QUESTION, base, as_of=as_of)["answer"]
    for as_of in (day(-21), day(-9)):
        assert search(http, base, QUESTION, as_of=as_of) == []
    changed = ok(http.patch(f"{documents_of(base)}/{document['id']}", json={"expires_on": day(0)}))
    assert changed["in_force"] == 1
    assert "99 yuan" in ask(http, QUESTION, base)["answer"]


def test_a_search_sees_one_version_while_the_next_takes_its_place(stack, http, base):
    document = add(http, base, "boxes.md", boxes(410))
    seen: list[list[int]] = []
    stop = Event()

    def read() -> None:
        with stack.client() as reader:
            while not stop.is_set():
                seen.append([passage["version"] for passage in search(reader, base, QUESTION, k=10)])

    reading = Thread(target=read)
    reading.start()
    try:
        wait_until(lambda: seen, 60)
        add(http, base, "boxes.md", boxes(420), document=document["id"])
        count = len(seen) + 1  # the search that was on its way may have begun before
        wait_until(lambda: len(seen) > count, 60)
    finally:
        stop.set()
        reading.join()
    assert all(len(versions) == 1 for versions in seen), seen
    told = [versions[0] for versions in seen]
    assert told == sorted(told)
    assert set(told) == {1, 2}


def test_the_same_bytes_again_are_one_document_and_one_version(http, base):
    document = add(http, base, "boxes.md", boxes(510))
    again = http.post(documents_of(base), files={"file": ("copy.md", boxes(510))})
    assert again.status_code == 200
    assert (again.json()["duplicate"], again.json()["id"]) == (True, document["id"])
    version = http.post(f"{documents_of(base)}/{document['id']}/versions", files={"file": ("boxes.md", boxes(510))})
    assert version.status_code == 200
    assert version.json()["duplicate"] is True
    assert ok(http.get(f"{BASES}/{base}"))["documents"] == 1
    with new_base(http) as other:
        assert add(http, other, "boxes.md", boxes(510))["duplicate"] is False
