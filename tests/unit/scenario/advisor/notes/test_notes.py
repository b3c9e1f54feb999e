"""What the sample files say about made-up companies and markets."""

from datetime import date
from pathlib import Path

import pytest

from appliance.config.site import GuardrailSettings
from appliance.core.errors import InvalidRequest, NotFound
from appliance.guardrails.chain import Chain
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.models import Passage
from appliance.scenario.pack import Caller, ScenarioContext
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import HandleKnowledge
from appliance.state.database import Database, sqlite_url
from scenarios.advisor.notes.differing import differing
from scenarios.advisor.notes.files import Head, head_of
from scenarios.advisor.notes.noting import Noting
from scenarios.advisor.notes.sentences import Said, rows_in, said_in
from scenarios.advisor.notes.shapes import NotesRequest
from scenarios.advisor.notes.words import note_words
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN, index_all, prepare_here
from tests.unit.scenario.near import Near, Service

DOCUMENTS = Path(__file__).resolve().parents[5] / "scenarios" / "advisor" / "documents"
TIP = "# Tip\n\n- Date: 2026-11-25\n- Author: X\n- Kind: research report\n- Securities: S007 / Mirror Glass\n\n" \
      "## View\n\nWe rate the share a strong buy.\n\nThe yield is guaranteed.\n\nGlass is clear.\n"  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notes")
    database = Database.open(sqlite_url(folder / "state.db"))
    database.migrate()
    made = KnowledgeStore(
        database, folder / "documents", folder / "indexes", LocalEmbedder(threads=1), prepare=prepare_here
    )
    made.ensure_base(A_ADMIN, "market-notes", "Notes")
    for path in sorted(DOCUMENTS.iterdir()):
        made.add_document(A_ADMIN, "market-notes", path.name, path.read_bytes())
    made.add_document(A_ADMIN, "market-notes", "2026-11-25 tip.md", TIP.encode())
    assert set(index_all(made)) == {"done"}
    yield made
    database.close()


@pytest.fixture
def ask(store):
    runs = ActionRuns(Chain(GuardrailSettings(), None))
    knowledge = HandleKnowledge(Near(Service(store)), runs)
    context = ScenarioContext(
        chat=None, chat_languages=(), knowledge=knowledge, records=None, facts=None
    )  # it must not touch the others
    noting = Noting(context, withheld=lambda text: "guaranteed" in text)

    async def asked(language="en", who=A_CALLER, **fields):
        runs.begin(who.tenant)
        return await noting.notes(NotesRequest(**fields), "market-notes", Caller(who, language))

    return asked


async def test_a_security_in_sections_newest_first(ask):
    answer = await ask(security="S001", language="zh_CN")
    assert answer.answered
    assert answer.security == "S001 / 澜河电力 / Lanhe Power"
    names = [section.name for section in answer.sections]
    assert names == ["business", "results", "announcements", "markets", "risks", "views"]
    for section in answer.sections:
        days = [quote.date for quote in section.quotes if not quote.computed]
        assert days == sorted(days, reverse=True)
    for section in answer.sections:
        for quote in section.quotes:
            assert quote.computed or answer.citations[quote.citation].quote == quote.text
    assert answer.disclosures[0] in answer.answer


async def test_views_carry_author_and_are_marked_as_opinions(ask):
    answer = await ask(security="Lanhe Power")
    (views,) = [section for section in answer.sections if section.name == "views"]
    assert all(quote.opinion and quote.author for quote in views.quotes)
    assert {quote.house for quote in views.quotes} == {True, False}
    assert "the bank's house view" in answer.answer


async def test_forecasts_that_differ_are_shown(ask):
    answer = await ask(security="S001")
    (conflict,) = answer.conflicts
    assert "38.5亿元" in conflict.note
    assert "3.62 billion yuan" in conflict.note
    assert conflict.note in answer.answer
    assert (await ask(security="S002")).conflicts == ()


async def test_changes_in_tables_are_computed(ask):
    answer = await ask(security="S003")
    figure = next(figure for figure in answer.figures.values() if figure.title == "Net profit")
    assert figure.value == pytest.approx((147 - 165) / 165, abs=1e-4)
    assert figure.shown in answer.answer
    assert figure.inputs
    assert figure.sources


async def test_a_question_about_a_market(ask):
    answer = await ask(query="研报怎么看黄金？", language="zh_CN")
    assert [quote.text for section in answer.sections for quote in section.quotes] == [
        "金价上周上涨2.1%，主要因实际利率回落。"
    ]
    assert answer.security is None


async def test_a_question_that_names_a_security(ask):
    assert (await ask(query="云岫科技最近怎么样", language="zh_CN")).security == "S002 / 云岫科技 / Yunxiu Technology"


@pytest.mark.parametrize(
    "fields", [{"security": "S999"}, {"query": "火星旅游的研报"}, {"query": "any note on Mars tourism?"}]
)
async def test_nothing_in_the_files_is_said_plainly(ask, fields):
    answer = await ask(**fields)
    assert not answer.answered
    assert answer.answer.startswith("Nothing in the files about")
    assert answer.citations == ()


async def test_calls_to_buy_and_promises_are_left_out(ask):
    answer = await ask(security="S007")
    assert answer.withheld == 2
    assert "strong buy" not in answer.answer
    assert "guaranteed" not in answer.answer
    assert "Glass is clear." in answer.answer


async def test_what_is_dated_later_is_left_out(ask):
    answer = await ask(security="S001", as_of=date(2026, 10, 29))
    assert {quote.date for section in answer.sections for quote in section.quotes} == {date(2026, 10, 28)}


async def test_bad_questions(ask):
    with pytest.raises(InvalidRequest) as refused:
        await ask(query="  ")
    assert refused.value.code == "missing_field"
    with pytest.raises(NotFound):
        await ask(security="S001", who=B_ADMIN)


def passage(text, document="a.md", section="T", start=0):
    return Passage(document_id=document, document=document, version=1, section=section, text=text, start=start, score=1)


def test_the_head_of_a_file():
    head = head_of([passage("日期：2026年3月1日作者：甲性质：公告证券：S1 / 甲 / A；S2 / 乙 / B")])
    assert head.day == date(2026, 3, 1)
    assert (head.author, head.kind) == ("甲", "公告")
    assert head.securities == (("S1", "甲", "A"), ("S2", "乙", "B"))
    assert head.announces
    assert not head.house
    assert head.names_of("s2") == ("S2", "乙", "B")
    assert head.names_of("S22") == ()
    named = head_of([passage("Nothing.", "2026-02-30 a.md")])
    assert (named.day, named.author) == (None, None)
    assert head_of([passage("Nothing.", "2026-02-03 a.md")]).day == date(2026, 2, 3)


def test_sentences_and_rows():
    text = "Key figures\nItem: Revenue; Q3 2026: 1840; Q3 2025: 1760\nThe profit fell.\nDate: 2026-01-01"
    one = passage(text, section="Title > Key figures")
    head = Head("a", "a")
    (said,) = said_in([one], head)
    assert (said.text, said.start, said.heading) == ("The profit fell.", text.index("The"), "Key figures")
    (row,) = rows_in([one], head)
    assert (row.label, row.columns) == ("Revenue", ("Q3 2026", "Q3 2025"))


@pytest.mark.parametrize(
    ("first", "second", "conflict"),
    [
        ("2026年净利润为3亿元。", "Net profit for 2026 was 300 million yuan.", False),
        ("2026年净利润为3亿元。", "Net profit for 2026 was 310 million yuan.", True),
        ("2026年净利润为3亿元。", "2025年净利润为2亿元。", False),
        ("净利润同比增长5%。", "净利润同比增长9%。", False),
        ("第三季度毛利率为5%。", "The gross margin of the third quarter is 9%.", True),
        ("毛利率为5%。", "收入占比为9%。", False),
    ],
)
def test_which_figures_differ(first, second, conflict):
    said = [
        Said(text, 0, passage(text, name), Head(name, name, date(2026, 11, 1)))
        for text, name in ((first, "a"), (second, "b"))
    ]
    assert bool(differing(said, note_words())) is conflict


async def test_sample_files_are_said_to_be_made_up(ask):
    for language, said in (("en", "made-up samples"), ("zh_CN", "虚构样例")):
        answer = await ask(security="S001", language=language)
        assert answer.made_up
        assert said in answer.answer
        assert said in answer.disclosures[-1]
    assert not (await ask(security="S007")).made_up  # a file of the bank's own


async def test_a_computed_line_is_in_the_language_of_the_asker(ask):
    answer = await ask(security="S001")
    (quote,) = [one for section in answer.sections for one in section.quotes if one.computed and "营业收入" in one.text]
    assert quote.text.startswith("营业收入, change in per cent from ")
    assert "变动率" not in answer.answer
    chinese = await ask(security="S003", language="zh_CN")
    assert any("Net profit" in q.text and "变动率" in q.text for s in chinese.sections for q in s.quotes if q.computed)
