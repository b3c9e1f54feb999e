"""Vectors of questions: computed once for all who ask, kept within bounds, asked of the right deployment."""

import asyncio
import threading

import numpy
import pytest

from appliance.serving import query_cache
from appliance.serving.embedders import QueryEmbedder, RemoteEmbedder
from appliance.serving.query_cache import QueryCache


class Model:
    """Counts what it computes; a vector tells the text's length."""

    def __init__(self):
        self.calls = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.begun = threading.Event()

    def __call__(self, texts):
        self.calls.append(list(texts))
        self.begun.set()
        assert self.go_on.wait(30)
        return numpy.array([[len(text), 1.0] for text in texts], dtype=numpy.float32)


@pytest.fixture
def model():
    return Model()


def test_a_text_is_computed_once(model):
    cache = QueryCache(model, 2)
    first = cache.vectors(["ab", "c", "ab"])
    assert first[:, 0].tolist() == [2, 1, 2]
    assert cache.vectors(["c", "ddd", "ab"])[:, 0].tolist() == [1, 3, 2]
    assert model.calls == [["ab", "c"], ["ddd"]]
    assert cache.vectors([]).shape == (0, 2)


def test_who_asks_for_what_is_being_computed_waits_for_it(model):
    cache = QueryCache(model, 2)
    model.go_on.clear()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(cache.vectors(["same"]))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert model.begun.wait(30)
    model.go_on.set()
    for thread in threads:
        thread.join()
    assert model.calls == [["same"]]
    assert [one[0, 0] for one in answers] == [4] * 5


def test_what_is_kept_does_not_wait_for_what_is_computed(model):
    cache = QueryCache(model, 2)
    cache.vectors(["kept"])
    model.go_on.clear()
    model.begun.clear()
    other = threading.Thread(target=cache.vectors, args=(["other"],))
    other.start()
    assert model.begun.wait(30)
    assert cache.vectors(["kept"])[0, 0] == 4
    model.go_on.set()
    other.join()


def test_the_least_used_leave_first_and_long_texts_are_not_kept(model, monkeypatch):
    monkeypatch.setattr(query_cache, "MOST_TEXTS", 2)
    cache = QueryCache(model, 2)
    for texts in (["a"], ["b"], ["a"], ["c"], ["a"], ["b"]):
        cache.vectors(texts)
    assert model.calls == [["a"], ["b"], ["c"], ["b"]]
    long = "x" * (query_cache.MOST_CHARACTERS + 1)
    cache.vectors([long])
    cache.vectors([long])
    assert model.calls[-2:] == [[long], [long]]


def test_a_failure_is_not_kept():
    answers = iter([RuntimeError("no"), numpy.zeros((1, 2), dtype=numpy.float32)])

    def embed(texts):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cache = QueryCache(embed, 2)
    with pytest.raises(RuntimeError):
        cache.vectors(["a"])
    assert cache.vectors(["a"]).shape == (1, 2)


def test_the_embedder_gives_the_same_vectors_kept_or_not():
    embedder = QueryEmbedder(1)
    first = embedder.embed(["我的卡丢了", "My card is lost"], "query")
    again = embedder.embed(["My card is lost", "我的卡丢了"], "query")
    assert numpy.array_equal(first, again[::-1])
    assert not numpy.allclose(first[0], embedder.embed(["我的卡丢了"], "passage")[0])


async def test_few_questions_are_asked_of_the_knowledge_service(context, knowledge, embedder):
    knowledge.answer = numpy.ones((1, 3), dtype=numpy.float32)
    remote = RemoteEmbedder(asyncio.get_running_loop(), context.models, ask=True)
    assert (await asyncio.to_thread(remote.embed, ["q"], "query")).tolist() == [[1, 1, 1]]
    assert knowledge.calls == [("query_vectors", ["q"])]
    await asyncio.to_thread(remote.embed, ["p"], "passage")
    await asyncio.to_thread(remote.embed, [str(number) for number in range(9)], "query")
    plain = RemoteEmbedder(asyncio.get_running_loop(), context.models)
    await asyncio.to_thread(plain.embed, ["q"], "query")
    assert [kind for _texts, kind in embedder.calls] == ["passage", "query", "query"]
    assert len(knowledge.calls) == 1
