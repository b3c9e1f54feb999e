import numpy
import pytest

from appliance.knowledge.asking.questions import analyse
from appliance.knowledge.content import Block, Extracted, Line, row_of
from appliance.knowledge.intake.indexing import embed_prepared, prepare
from appliance.knowledge.search.index import BaseIndex, Scope
from appliance.knowledge.search.ranking import rank_sentences


def document(*texts, **more):
    return Extracted(tuple(Block(text) for text in texts), **more)


DOCUMENTS = {
    1: document("信用卡年费每年300元。首年免收年费。"),
    2: document("信用卡年费每年500元。首年免收年费。"),
    3: document("Staff book train travel through the travel desk.", "Hotels cost at most 600 yuan a night."),
}


@pytest.fixture
def filled(tmp_path, embedder):
    """An index with three versions."""
    index = BaseIndex(tmp_path / "index", embedder.name, embedder.dimensions)
    for version, extracted in DOCUMENTS.items():
        index.put(version, embed_prepared(prepare(extracted, "a.txt"), version, embedder, lambda _share: None))
    index.finish()
    return index


def ask(index, embedder, text, scope):
    return rank_sentences(index, analyse(text), embedder.embed([text], "query")[0], scope)


@pytest.mark.parametrize("scope", [Scope(only=frozenset({2, 3})), Scope(without=frozenset({1}))])
def test_a_search_sees_only_its_scope_in_vectors_and_full_text(filled, embedder, scope):
    vector = embedder.embed(["信用卡年费是多少"], "query")[0]
    assert {p.version for places in filled.by_vector(vector, 10, scope) for p in filled.read(places)} == {2, 3}
    assert {p.version for p in filled.read(filled.by_terms(["年费", "信用卡"], 10, scope))} == {2}
    assert ask(filled, embedder, "信用卡年费是多少", scope)[0].quote == "信用卡年费每年500元。"


def test_an_empty_scope_finds_nothing(filled, embedder):
    assert ask(filled, embedder, "信用卡年费是多少", Scope(only=frozenset())) == []


def test_what_is_put_is_found_before_finish_and_what_is_removed_is_gone(filled, embedder):
    extracted = document("贷款利率为百分之三。")
    filled.put(4, embed_prepared(prepare(extracted, "b.txt"), 4, embedder, lambda _share: None))
    assert [p.version for p in filled.read(filled.by_terms(["贷款", "利率"], 5))] == [4]
    found = filled.by_terms(["贷款", "利率"], 5)
    filled.remove([4, 99])
    assert filled.read(found) == []
    assert filled.versions() == {1, 2, 3}


def test_the_figures_follow_each_change_and_survive_a_restart(filled, tmp_path, embedder):
    assert (filled.passages, filled.languages, filled.frequency("年费")) == (3, ("en", "zh"), 2)
    filled.remove([1])
    extracted = document("年费可以减免。")
    filled.put(4, embed_prepared(prepare(extracted, "b.txt"), 4, embedder, lambda _share: None))
    filled.put(5, embed_prepared(prepare(extracted, "b.txt"), 5, embedder, lambda _share: None))
    again = BaseIndex(tmp_path / "index", embedder.name, embedder.dimensions)  # as after a kill before `finish`
    for index in (filled, again):
        assert (index.passages, index.languages, index.frequency("年费")) == (4, ("en", "zh"), 3)
        assert index.background("zh").shape == (4, embedder.dimensions)
    filled.remove([2, 4, 5])
    assert filled.languages == ("en",)


def test_passages_come_back_as_they_were_put(tmp_path, embedder):
    row = row_of(["Product", "Fee"], ["Gold card", "600"])
    blocks = (Block("Fees", "heading", 1), Block(row.text, "row", row=2, table=1, cells=row.cells, page=1))
    extracted = Extracted(blocks, 1, captions=((1, "CNY"),))
    put = embed_prepared(prepare(extracted, "fees.pdf"), 7, embedder, lambda _share: None)
    index = BaseIndex(tmp_path / "index", embedder.name, embedder.dimensions)
    index.put(7, put)
    [(passage, sentence)] = index.table(7, 1)
    assert (passage.title, passage.headings, passage.page, passage.version) == ("Fees", ("Fees",), 1, 7)
    assert sentence == put[0].sentences[0]
    assert [(cell.header, extracted.text[cell.start : cell.end]) for cell in sentence.cells] == [
        ("Product", "Gold card"),
        ("Fee", "600"),
    ]
    assert sentence.caption == "CNY"
    assert numpy.abs(passage.vectors - put[0].vectors).max() < 0.002
    assert index.table(7, 2) == index.table(8, 1) == []
    assert [found.id for found in index.on_page(7, 1)] == [passage.id]
    assert index.on_page(7, 2) == []


def test_a_sentence_has_the_boxes_of_the_lines_it_touches():
    text = "First sentence here. Second sentence is longer."
    lines = (Line(0, (0, 0, 9, 1)), Line(25, (0, 1, 9, 2)), Line(38, (0, 2, 9, 3)))
    extracted = Extracted((Block("Title", "heading", 1), Block(text, lines=lines, page=1)), 1)
    first, second = prepare(extracted, "a.pdf").passages[0].sentences
    assert first.boxes == ((0, 0, 9, 1),)
    assert second.boxes == ((0, 0, 9, 1), (0, 1, 9, 2), (0, 2, 9, 3))
