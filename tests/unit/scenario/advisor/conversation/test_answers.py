import random

import pytest

from appliance.core.errors import InvalidRequest
from scenarios.advisor.conversation.answering import NUMBERS, Reply, answer, helping, question, whole_text
from scenarios.advisor.conversation.promises import promises_in
from scenarios.advisor.conversation.results import Noted
from scenarios.advisor.conversation.running import facts_of, noted, run
from scenarios.advisor.conversation.speaking import Speaker, sentences
from scenarios.advisor.conversation.tools import TOOLS, tool_box
from scenarios.advisor.conversation.understanding import Understanding
from tests.unit.scenario.advisor.conftest import LAST

LANGUAGES = ("en", "zh_CN")


def sampled(sample):
    """Yield (tool, arguments) over 30 clients and 30 products."""
    chance = random.Random(8)
    clients, products = chance.sample(sorted(sample.clients), 30), chance.sample(sorted(sample.products), 30)
    for number, (client, product) in enumerate(zip(clients, products, strict=True)):
        yield "suitability", {"client": client, "product": product, "amount": chance.choice([500, 20_000, 123_456.78])}
        yield "client_facts", {"client": client}
        yield "stress", {"client": client}
        if number % 3 == 0:
            yield "account_diagnosis", {"client": client}
            yield (
                "fund_diagnosis",
                {"product": product, "window": chance.choice([None, "6m", "ytd", "since:2024-03-01"])},
            )
        if number % 6 == 0:
            yield "compare_funds", {"products": [product, products[number - 1]], "window": chance.choice([None, "3y"])}
            yield "product_list", {"client": client}
        if number % 15 == 0:
            yield "allocation", {"client": client}
    yield "product_list", {"max_level": "R3", "term_days": 365}
    yield "product_list", {"currency": "HKD"}
    for method in ("risk_parity", "cvar", "black_litterman"):
        yield "allocation", {"products": ["P002", "P006", "P011"], "method": method}
    yield from (("figure_explained", {"name": name}) for name in ("sharpe", "max_drawdown", "stress_loss", "nothing"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_of_every_text_is_found_in_the_figures_and_nothing_is_promised(sample, desk, language):
    seen = set()
    for tool, values in sampled(sample):
        try:
            result = run(desk, tool, tool_box().arguments(tool, values), language)
        except InvalidRequest:  # more than the client has, or nothing that may be sold: said, not computed
            continue
        seen.add(tool)
        text = whole_text(result.lead, result, Speaker(language))
        facts = list(facts_of(result))
        assert [text[one.start : one.end] for one in NUMBERS.find(text, facts)] == [], (tool, values)
        assert [text[a:b] for a, b in promises_in(text)] == [], (tool, values)
        assert answer(result, language).text == text
    assert seen == set(TOOLS) - {"market_notes", "stock_notes", "help"}


def test_a_sentence_with_a_number_of_its_own_is_left_out(desk):
    result = run(desk, "client_facts", tool_box().arguments("client_facts", {"client": "C0001"}), "en")
    invented = result.model_copy(update={"lead": (*result.lead, "It gained 77.7% in a week.")})
    assert "77.7" not in answer(invented, "en").text
    assert NUMBERS.find("It gained 77.7% in a week.", list(facts_of(invented)))


def test_the_answer_comes_first_then_figures_then_disclosures(desk):
    result = run(desk, "fund_diagnosis", tool_box().arguments("fund_diagnosis", {"product": "P018"}), "en")
    reply = answer(result, "en")
    places = [reply.text.index(part) for part in (result.lead[0], "Figures:", "Please note:")]
    assert places == sorted(places)
    assert reply.figures
    assert reply.suggestions
    assert reply.allowed is None
    assert "facts" not in Reply.model_validate(reply).model_dump()


def test_a_refusal_has_its_table_and_what_would_change_it(desk):
    arguments = tool_box().arguments("suitability", {"client": "C0040", "product": "P003", "amount": 1000})
    reply = answer(run(desk, "suitability", arguments, "zh_CN"), "zh_CN")
    assert (reply.kind, reply.allowed) == ("refusal", "no")
    assert reply.table
    assert "可以怎样处理" in reply.text
    assert reply.disclosures[0] in reply.text


@pytest.mark.parametrize(
    ("window", "title"), [("1y", "past 1 year"), ("7m", "past 7 months"), ("since:2025-01-02", "since")]
)
def test_a_window_that_is_asked_for_is_computed(desk, window, title):
    arguments = tool_box().arguments("fund_diagnosis", {"product": "P018", "window": window})
    assert title in run(desk, "fund_diagnosis", arguments, "en").lead[0]


@pytest.mark.parametrize("window", ["since:2030-01-01", f"since:{LAST}", "since:2025-02-30"])
def test_a_window_without_values_is_told(desk, window):
    arguments = tool_box().arguments("fund_diagnosis", {"product": "P018", "window": window})
    with pytest.raises(InvalidRequest):
        run(desk, "fund_diagnosis", arguments, "en")


def test_an_unknown_scenario_names_those_that_there_are(desk):
    with pytest.raises(InvalidRequest, match="crisis_2008"):
        run(desk, "stress", tool_box().arguments("stress", {"client": "C0001", "scenario": "doomsday"}), "en")


async def test_quotations_that_promise_are_not_repeated():
    async def reports(query, security, language):
        return Noted(sentences=("Gold rose 3% in May.", "Gold will certainly rise 20%."), citations=({"name": "May"},))

    result = await noted("market_notes", reports, "gold", None, "en")
    reply = answer(result, "en")
    assert "Gold rose 3% in May." in reply.text
    assert "certainly" not in reply.text
    assert reply.citations == ({"name": "May"},)
    assert "not repeated" in reply.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_and_help_name_no_number_of_their_own(sample, language):
    replies = [helping(language, sample), helping(language, sample, off_topic=True)]
    several = tuple(sorted(sample.clients))
    replies.append(question(Understanding("stress", {}, ("client",), several), sample, language))
    replies.append(question(Understanding("stress", {}, ("client",), unknown="C9999"), sample, language))
    replies += [
        question(Understanding("suitability", {"product": "P014"}, (name,)), sample, language)
        for name in ("client", "product", "amount", "products", "security", "name")
    ]
    for reply in replies:
        assert NUMBERS.find(reply.text, list(reply.facts)) == []
        assert promises_in(reply.text) == []
    assert "USD" in replies[6].text


def test_texts_have_the_same_fields_in_both_languages():
    import string

    def fields(text):
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}

    assert {name for name, words in sentences().items() if fields(words.en) != fields(words.zh)} == set()
