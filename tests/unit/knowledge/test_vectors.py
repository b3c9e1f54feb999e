import numpy
import pytest

from appliance.knowledge.language.terms import Matchable
from appliance.knowledge.search import index as index_module
from appliance.knowledge.search import passage_table
from appliance.knowledge.search.index import BaseIndex, Scope, StoredPassage, StoredSentence
from appliance.knowledge.search.stored import pack_vectors, unpack_vectors

DIMENSIONS = 16


def passages(version, count, numbers, language="zh"):
    """Return passages of one sentence with random unit vectors; every text holds its own word."""
    vectors = numbers.standard_normal((count, DIMENSIONS)).astype(numpy.float32)
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        StoredPassage(
            f"{version}-{number}", version, "a.txt", "A", language, None, (), "text", 0, Matchable("a", frozenset()),
            (StoredSentence(0, 4, language=language),), vectors[number : number + 1], f"common w{version}x{number}",
        )
        for number in range(count)
    ]  # fmt: skip


def nearest(made, vector, limit):
    ordered = sorted(made, key=lambda passage: -float(passage.vector @ vector))
    return [passage.id for passage in ordered[:limit]]


@pytest.fixture(params=["in memory", "approximate"])
def filled(request, tmp_path, monkeypatch):
    """An index of 900 passages in 3 versions, kept in memory or searched by LanceDB's index; and its passages."""
    if request.param == "approximate":
        monkeypatch.setattr(index_module, "_IN_MEMORY", 0)
    numbers = numpy.random.default_rng(1)
    index = BaseIndex(tmp_path / "index", "made up", DIMENSIONS)
    made = [passages(version, 300, numbers, "en" if version == 3 else "zh") for version in (1, 2, 3)]
    for version, entries in enumerate(made, start=1):
        index.put(version, entries)
    index.finish()
    return index, made


def test_the_nearest_passages_of_each_language_in_scope_are_found(filled):
    index, made = filled
    vector = made[0][7].vector
    found = [[place.id for place in places] for places in index.by_vector(vector, 10)]
    wanted = [nearest(made[0] + made[1], vector, 10), nearest(made[2], vector, 10)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, wanted))
    assert "1-7" in [ids[0] for ids in found]
    hidden = [
        [place.id for place in places] for places in index.by_vector(vector, 10, Scope(without=frozenset({1, 3})))
    ]
    assert [ids for ids in hidden if ids] == [nearest(made[1], vector, 10)]


def test_places_stay_right_when_the_table_is_rewritten(filled, monkeypatch):
    index, made = filled
    before = index.by_vector(made[1][5].vector, 3)
    words = index.by_terms(["w2x5"], 3)
    monkeypatch.setattr(passage_table, "_UNCOVERED", {"idle": (0, 0.0), "busy": (0, 0.0)})
    index.remove([1])
    index.put(4, passages(4, 20, numpy.random.default_rng(2)))
    index.finish()
    assert [passage.id for passage in index.read(words)] == ["2-5"]
    assert "2-5" in {passage.id for places in before for passage in index.read(places)}
    assert [place.id for place in index.by_terms(["w2x5"], 3)] == ["2-5"]
    assert index.by_terms(["w1x5"], 3) == []
    assert all(place.id[0] != "1" for places in index.by_vector(made[0][5].vector, 50) for place in places)
    assert [passage.id for passage in index.read(index.by_terms(["w4x19"], 3))] == ["4-19"]


def test_new_passages_are_found_before_any_index_covers_them(filled):
    index, _made = filled
    new = passages(9, 30, numpy.random.default_rng(3))
    index.put(9, new)
    assert "9-4" in {places[0].id for places in index.by_vector(new[4].vector, 5)}
    assert [place.id for place in index.by_terms(["w9x4"], 5)] == ["9-4"]


def test_packed_vectors_keep_their_directions():
    vectors = numpy.random.default_rng(4).standard_normal((5, 384)).astype(numpy.float32)
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    packed = pack_vectors(vectors)
    assert len(packed) == 5 * (384 + 4)
    assert ((unpack_vectors(packed, 384) * vectors).sum(axis=1) > 0.9995).all()
