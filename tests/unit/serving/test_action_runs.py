"""The guardrails of one action: what is retrieved for it, what its model reads and writes."""

import asyncio
from types import SimpleNamespace

import pytest

from appliance.config.site import GuardrailOverride, GuardrailSettings
from appliance.core.principal import Principal
from appliance.guardrails.chain import Chain
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import HandleKnowledge
from tests.unit.serving.canaries import FORBIDDEN, HARMLESS, INJECTED

WHO = Principal("a", "caller", "lma-a")
BAD = (*INJECTED, FORBIDDEN)


@pytest.fixture
def runs(chain):
    return ActionRuns(chain)


def place(**more):
    return {"document_id": "doc_1", "document": "fees.md", "version": 1, "section": "Fees", "score": 0.9, **more}


def passage(text, **more):
    return place(text=text, start=0, **more)


def citation(quote, **more):
    return place(quote=quote, start=0, end=len(quote), **more)


def answer(quotes, nearest=()):
    """Return a dumped answer that quotes each text in a sentence of its own."""
    sentences = [{"text": quote, "kind": "quoted", "citations": [index]} for index, quote in enumerate(quotes)]
    return {
        "question": "?", "answered": bool(quotes), "text": " ".join(quotes), "confidence": 0.95, "language": "en",
        "short": "300 yuan" if quotes else None, "sentences": sentences, "as_of": "2026-11-26",
        "citations": [citation(quote) for quote in quotes], "nearest": [citation(quote) for quote in nearest],
    }  # fmt: skip


def knowledge_of(runs, reply):
    async def knowledge(method, *arguments):
        return reply

    return HandleKnowledge(SimpleNamespace(knowledge=knowledge), runs)


@pytest.mark.parametrize("text", BAD)
async def test_a_passage_that_is_forbidden_never_arrives(runs, text):
    run = runs.begin("a")
    found = [passage(HARMLESS[0]), passage(text), passage(HARMLESS[1])]
    kept = await knowledge_of(runs, found).search(WHO, "rules", "?", 3)
    assert kept == [found[0], found[2]]
    assert {one["stage"] for one in run.findings} == {"retrieved"}
    assert "block" in {one["action"] for one in run.findings}
    assert text[:12] not in str(run.findings)


@pytest.mark.parametrize("part", ["section", "document"])
async def test_a_heading_or_a_file_name_is_as_foreign_as_the_text(runs, part):
    runs.begin("a")
    found = [passage(HARMLESS[0], **{part: INJECTED[0]})]
    assert await knowledge_of(runs, found).search(WHO, "rules", "?", 3) == []


@pytest.mark.parametrize("text", BAD)
async def test_a_citation_that_is_forbidden_never_arrives(runs, text):
    run = runs.begin("a")
    first = await knowledge_of(runs, answer([HARMLESS[0], text], nearest=[text])).answer(WHO, "rules", "?")
    assert (first["answered"], first["text"], first["short"]) == (True, HARMLESS[0], "300 yuan")
    second = await knowledge_of(runs, answer([text, HARMLESS[0]])).answer(WHO, "rules", "?")
    assert second["sentences"] == [{"text": HARMLESS[0], "kind": "quoted", "citations": [0]}]
    assert (second["short"], second["confidence"]) == (None, 0.9)
    none = await knowledge_of(runs, answer([text], nearest=[HARMLESS[1], text])).answer(WHO, "rules", "?")
    assert (none["answered"], none["citations"], none["sentences"], none["short"]) == (False, [], [], None)
    assert none["text"] == "The documents do not answer this question."
    assert [one["quote"] for one in none["nearest"]] == [HARMLESS[1]]
    assert text not in str((first, second, none))
    assert sum(one["action"] == "block" for one in run.findings) >= 4


async def test_the_banks_own_names_and_numbers_are_quoted_as_they_are(runs):
    run = runs.begin("a")
    told = answer(HARMLESS, nearest=HARMLESS)
    assert await knowledge_of(runs, told).answer(WHO, "rules", "?") == told
    assert run.findings == []


async def test_terms_lose_the_line_that_gives_orders(runs):
    runs.begin("a")
    terms = f"储物柜|locker\n{INJECTED[0]}|x\n金卡|gold card\n"
    assert await knowledge_of(runs, terms).glossary(WHO, "rules") == "储物柜|locker\n金卡|gold card\n"
    assert await knowledge_of(runs, "储物柜|locker\n").glossary(WHO, "rules") == "储物柜|locker\n"


async def test_nothing_passes_outside_an_action(runs):
    with pytest.raises(LookupError):
        await asyncio.create_task(knowledge_of(runs, []).search(WHO, "rules", "?", 3))


async def test_tenants_at_once_have_each_their_own_policy():
    settings = GuardrailSettings(
        tenants={"lax": GuardrailOverride(injection="warn"), "off": GuardrailOverride(enabled=False)}
    )
    runs = ActionRuns(Chain(settings, None))
    found = [passage(text) for text in (INJECTED[0], FORBIDDEN)]

    async def action(tenant):
        run = runs.begin(tenant)
        await asyncio.sleep(0)  # the others begin
        kept = await asyncio.create_task(knowledge_of(runs, found).search(WHO, "rules", "?", 3))
        return len(kept), {(one["rule"].split(":")[0], one["action"]) for one in run.findings}

    strict, lax, off, again = await asyncio.gather(*map(action, ("a", "lax", "off", "a")))
    assert strict == again == (0, {("injection", "block"), ("lexicon", "block")})
    assert lax == (1, {("injection", "warn"), ("lexicon", "block")})
    assert off == (2, set())
