import pytest

from appliance.knowledge.content import Block, Cell, Extracted
from appliance.knowledge.intake.chunks import chunk
from appliance.knowledge.language.text import is_wide


def width(text):
    return sum(2 if is_wide(char) else 1 for char in text)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"第{number}项资料由网点保存，期满后统一移交档案室。" for number in range(100)),
        " ".join(f"Item {number} is kept at the branch and then handed over." for number in range(100)),
        "没有标点的长文" * 300,
        "\n".join(f"line {number} of a file without structure" for number in range(100)),
    ],
)
def test_a_long_block_is_cut_into_several_passages_and_nothing_is_lost(text):
    extracted = Extracted((Block("Title", "heading", 1), Block("Before."), Block(text), Block("After.")))
    chunks = chunk(extracted)
    assert len(chunks) > 2
    assert all(width(extracted.text[piece.start : piece.end]) <= 900 for piece in chunks)
    assert all(piece.headings == ("Title",) for piece in chunks)
    covered = "".join(extracted.text[one.start : one.end] for piece in chunks for one in piece.sentences)
    assert "".join(covered.split()) == "".join(f"Before.{text}After.".split())


def test_a_clause_of_several_sentences_that_fits_stays_in_one_passage():
    clause = "第二条 " + "网点应当保存资料。" * 20
    chunks = chunk(Extracted((Block("第一条 " + "资料由专人保管。" * 40), Block(clause))))
    assert [len(piece.sentences) for piece in chunks] == [40, 20]


def test_a_wide_row_is_not_cut():
    text = "名称：" + "长" * 600
    (piece,) = chunk(Extracted((Block(text, "row", row=2, table=1, cells=(Cell(0, "名称", 3, len(text)),)),)))
    assert [(one.start, one.end, len(one.cells)) for one in piece.sentences] == [(0, len(text), 1)]
