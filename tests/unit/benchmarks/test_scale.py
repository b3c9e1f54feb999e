"""The benchmark of the control plane: the modelled engines, and what becomes of what was seen."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from modelled_engine import Clock, ModelledEngine, Timing, due_by
from scale import parse_arguments
from scale_cluster import Places as ScalePlaces
from scale_cluster import engines, site_file
from scale_load import Answer, Run, answer_of, summarise
from scale_plans import plan_rows
from scale_timing import NotPlanned, modelled
from scale_usage import Usage, inside, kind_of, spent, top_functions

from appliance.catalogue.wish import ServiceLevel
from appliance.config.site import SiteConfig
from appliance.serving.engine import most_at_once
from appliance.serving.model_items import EVENT_END

FACTS = Path(__file__).parents[2] / "data" / "machines" / "facts"


async def items_of(engine, tokens):
    """Return the items of one stream, each with the time it came."""
    asked = {"stream": True, "max_tokens": tokens}
    return [(time.monotonic(), item) async for item in engine.generate("chat", asked, "r")]


def tokens_in(items):
    return sum(item.count('"content":"word "') for _at, item in items if isinstance(item, str))


def test_a_step_takes_longer_the_fuller_the_batch():
    timing = Timing(0.5, (0.1, 0.2, 0.4))
    assert [timing.step_s(running) for running in (0, 1, 2, 3, 9)] == [0.1, 0.1, 0.2, 0.4, 0.4]
    assert timing.slower(10) == Timing(5.0, (1.0, 2.0, 4.0))


def test_prompts_are_read_one_after_the_other():
    clock = Clock(Timing(0.5, (0.1,)))
    assert [clock.prompt_read(now) for now in (10.0, 10.1, 20.0)] == [10.5, 11.0, 20.5]


@pytest.mark.parametrize(
    ("now", "left", "expected"), [(1.05, 9, (0, 1.0)), (1.1, 9, (1, 1.1)), (1.35, 9, (3, 1.3)), (99.0, 2, (2, 1.2))]
)
def test_tokens_that_are_due(now, left, expected):
    assert due_by(now, 1.0, 0.1, left) == (expected[0], pytest.approx(expected[1]))


async def test_a_modelled_stream_has_all_its_tokens_none_before_its_time():
    began = time.monotonic()
    items = await items_of(ModelledEngine(Timing(0.05, (0.01,)), 1), 20)
    assert tokens_in(items) == 20
    usage = items[-1][1]["usage"]
    assert usage["usage"]["completion_tokens"] == 20
    told = usage["modelled"]
    assert told["first_due"] - told["came"] == pytest.approx(0.05)
    assert told["last_due"] - told["first_due"] == pytest.approx(0.19)
    assert items[0][0] >= began + 0.05
    assert items[-1][0] >= told["last_due"]


async def test_a_late_engine_gives_what_is_due_together_and_its_clock_goes_on():
    engine = ModelledEngine(Timing(0.0, (0.01,)), 1)
    stream = engine.generate("chat", {"stream": True, "max_tokens": 60}, "r")
    await anext(stream)
    await asyncio.sleep(0.15)  # nobody asks for the next item
    item = await anext(stream)
    assert item.count(EVENT_END) >= 15
    rest = [one async for one in stream]
    told = rest[-1]["usage"]["modelled"]
    assert told["last_due"] - told["first_due"] == pytest.approx(0.59)


async def test_streams_go_to_the_emptiest_engine_and_leave_it():
    engine = ModelledEngine(Timing(0.0, (0.01, 10.0)), 2)  # two on one engine would take for ever
    both = await asyncio.wait_for(asyncio.gather(items_of(engine, 3), items_of(engine, 3)), 5)
    assert [tokens_in(items) for items in both] == [3, 3]
    assert [clock.running for clock in engine._clocks] == [0, 0]
    stream = engine.generate("chat", {"stream": True, "max_tokens": 3}, "r")
    await anext(stream)
    await stream.aclose()  # the caller has gone
    assert [clock.running for clock in engine._clocks] == [0, 0]


def test_the_timing_is_the_planners():
    level = ServiceLevel()
    found = modelled(FACTS / "8xH20.json", "qwen3-32b", level)
    assert found.words == "Qwen3 32B bf16 on 4 × NVIDIA H20"
    assert len(found.timing.steps_s) == found.users
    assert list(found.timing.steps_s) == sorted(found.timing.steps_s)
    assert 1 / found.timing.steps_s[-1] == pytest.approx(level.tokens_per_s, rel=0.5)
    assert found.timing.prefill_s < level.ttft_ms / 1000
    with pytest.raises(NotPlanned):
        modelled(FACTS / "1xL20.json", "deepseek-v3", level)


def test_as_many_engines_as_the_users_need():
    model = modelled(FACTS / "8xH20.json", "qwen3-32b", ServiceLevel())
    few, many = (json.loads(engines(model, streams, slower=2.0)) for streams in (1, 5000))
    assert (few["processes"], few["engines"]) == (1, 1)
    assert many["processes"] * many["engines"] * model.users >= 5000
    assert many["processes"] * many["places"] >= 5000
    assert many["prefill_s"] == 2 * model.timing.prefill_s
    site = SiteConfig.model_validate(site_file(ScalePlaces(Path("/h"), 8390, 26580, (29000, 29999)), 5000))
    assert most_at_once(site.models["general"]) >= 5000
    assert site.gateway.max_ongoing_requests >= 5000


def answer(late):
    return Answer(
        sent=0.0, first=1.1 + late, ended=6.0 + late, tokens=51, came=0.05, first_due=1.0, first_left=1.01, last_due=6.0
    )


def test_what_is_added_is_what_was_seen_less_what_was_modelled():
    run = Run(10, window_s=10.0, events=800, answers=[answer(0.0), answer(0.0), answer(0.2)])
    row = summarise(run, 51)
    assert row["added_first_p50_ms"] == pytest.approx(150.0)  # 1.1 s to the first, of which 0.95 were the engine's
    assert row["way_in_p50_ms"] == pytest.approx(50.0)
    assert row["engine_late_p50_ms"] == pytest.approx(10.0)
    assert row["way_out_p50_ms"] == pytest.approx(90.0)
    assert row["end_late_p50_ms"] == pytest.approx(0.0)
    assert row["end_late_p99_ms"] > 190
    assert row["tokens_per_s"] == 80.0
    assert row["modelled_tokens_per_s"] == pytest.approx(10 * 51 / 5.95, abs=0.1)
    assert row["delivered"] == pytest.approx(0.933, abs=0.001)


def test_a_run_without_an_answer_still_says_what_failed():
    row = summarise(Run(5, window_s=1.0, failures=Counter({"HTTP 503": 7})), 10)
    assert row["failures"] == {"HTTP 503": 7}
    assert row["answers"] == 0


def test_a_stream_counts_when_it_is_whole():
    times = {"came": 1.0, "first_due": 2.0, "first_left": 2.1, "last_due": 3.0}
    usage = json.dumps({"usage": {"completion_tokens": 4}, "modelled": times}).encode()
    found = answer_of(b"x\n\ndata: " + usage + b"\n\ndata: [DONE]\n\n", 0.5, 2.2, 3.1)
    assert found == Answer(0.5, 2.2, 3.1, 4, **times)
    assert answer_of(b"data: " + usage + b"\n\n", 0.5, 2.2, 3.1) is None
    assert answer_of(b'data: {"error":{}}\n\ndata: [DONE]\n\n', 0.5, 2.2, 3.1) is None


def test_processes_by_what_they_are():
    assert kind_of("ray::ServeReplica:gateway:Gateway") == "gateway"
    assert kind_of("/x/ray/core/src/ray/raylet/raylet --raylet_socket_name=…") == "raylets"
    assert kind_of("vim") == "other"


def test_cores_of_kinds_whose_processes_are_the_same():
    before = {"gateway": Usage(1, 10.0, 0.0, 0), "agents": Usage(2, 1.0, 0.0, 0)}
    after = {"gateway": Usage(1, 15.0, 0.0, 0), "agents": Usage(3, 9.0, 0.0, 0), "GCS": Usage(1, 2.0, 0.0, 0)}
    assert spent(before, after, 10.0) == {"gateway": 0.5}


def test_a_profile_names_the_functions_that_samples_end_in():
    collapsed = "main;loop (events.py:1);send (tcp.py:2) 30\nmain;loop (events.py:1) 10\nbroken line\n"
    assert top_functions(collapsed, 1) == [("send (tcp.py:2)", 0.75)]
    assert inside(collapsed, ["loop", "tcp"]) == {"loop": 1.0, "tcp": 0.75}


def test_plans_of_more_nodes_have_more_replicas():
    rows = plan_rows(FACTS / "8xH20.json", [2, 20])
    assert [row["cards"] for row in rows] == [16] * 3 + [160] * 3
    many = [row["replicas"]["general"] for row in rows if row["question"] == "too many"]
    assert many[0] < many[1]


def test_the_command_line():
    assert parse_arguments(["streams"]).counts == [1, 10, 100, 500, 1000, 2000, 5000]
    assert parse_arguments(["nodes", "--counts", "1,5"]).counts == [1, 5]
    with pytest.raises(SystemExit):
        parse_arguments(["everything"])
