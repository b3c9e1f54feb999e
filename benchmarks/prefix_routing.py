"""Prefix-aware routing against Serve's own, with real engines: tokens found in the prefix cache, time to first token.

    nice -n 5 python benchmarks/prefix_routing.py --home HOME [--conversations 6] [--turns 5] [--json FILE]

Starts a Ray of its own with two replicas of a model package on processors, and lets the same conversations run over
both ways in turn: each turn first one arm, then the other, the order swapped from turn to turn. Arms and conversations
share no cache (a salt each); the system prompt is the same for a conversation's whole length. Without the gateway.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from figures import percentile
from machine import describe
from prefix_arms import BALANCED

PREFIX = "prefix"
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "WARNING", "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0", "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip
_APPLICATION = "prefix-routing"
_WORDS = ("account", "branch", "capital", "clearing", "collateral", "credit", "custody", "customer", "deposit",
          "equity", "exposure", "ledger", "limit", "liquidity", "loan", "margin", "maturity", "mortgage", "payment",
          "portfolio", "premium", "rate", "reserve", "risk", "settlement")  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """One answer: which arm and turn, seconds to the first text, tokens of the prompt and those found in the cache."""

    arm: str
    turn: int
    ttft_s: float
    prompt_tokens: int
    cached_tokens: int


def start(home: Path, package: str, replicas: int) -> None:
    """Start Ray and the replicas; returns when they serve."""
    import ray
    from ray import serve
    from ray.serve.llm import build_llm_deployment

    from appliance.cluster.node import ENGINE_PLACE, PLACES
    from appliance.config.home import Home
    from appliance.config.site import EngineSettings, ModelSettings
    from appliance.packages.model_sources import current_source
    from appliance.serving.engine import llm_config
    from appliance.serving.launch import chat_model
    from appliance.serving.names import MODEL_DEPLOYMENT

    ray.init(
        num_cpus=16,
        resources={ENGINE_PLACE: PLACES},
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    serve.start(proxy_location="Disabled", logging_config={"log_level": "WARNING"})
    engine = EngineSettings(max_num_seqs=16, max_model_len=4096)
    settings = ModelSettings(package=package, replicas=replicas, routing="prefix", engine=engine)
    model = chat_model("general", settings, current_source(Home(home), package))
    config = llm_config(model, "cpu", os.cpu_count() or 1, 60)
    config.engine_kwargs["enable_prompt_tokens_details"] = True
    config.deployment_config["request_router_config"]["request_router_class"] = "prefix_arms:ArmRouter"
    # The appliance itself puts one engine of a model on a node's processors.
    together = {"num_replicas": replicas, "autoscaling_config": None, "max_replicas_per_node": replicas}
    application = build_llm_deployment(config, override_serve_options={"name": MODEL_DEPLOYMENT, **together})
    serve.run(application, name=_APPLICATION, route_prefix=None)


def _text(words: int, source: random.Random) -> str:
    return " ".join(source.choice(_WORDS) for _ in range(words))


async def ask(handle: Any, arm: str, turn: int, salt: str, messages: list[dict[str, str]]) -> tuple[Turn, str]:  # noqa: ANN401
    """Send one turn; return its figures and the answer's text."""
    body = {
        "model": "general", "messages": messages, "max_tokens": 16, "temperature": 0.0, "stream": True,
        "cache_salt": salt,
    }  # fmt: skip
    begun, first, text, usage = time.perf_counter(), 0.0, "", {}
    async for item in handle.generate.remote("chat", body, f"{arm}-{salt}-{turn}"):
        first = first or time.perf_counter() - begun
        if isinstance(item, str):
            for event in item.split("\n\n")[:-1]:
                text += json.loads(event.removeprefix("data: "))["choices"][0]["delta"].get("content") or ""
        elif "usage" in item:
            usage = item["usage"]["usage"]
        else:
            raise RuntimeError(str(item))
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return Turn(arm, turn, first, usage["prompt_tokens"], cached), text


async def converse(conversations: int, turns: int, seed: int) -> list[Turn]:
    """Run all conversations over both arms; return the figures of every turn."""
    from ray import serve

    from appliance.serving.names import MODEL_DEPLOYMENT

    handle = serve.get_deployment_handle(MODEL_DEPLOYMENT, _APPLICATION).options(stream=True)
    await asyncio.gather(
        *(ask(handle, BALANCED, 0, f"warm-{n}", [{"role": "user", "content": "Hi"}]) for n in range(8))
    )
    talks: dict[tuple[str, int], list[dict[str, str]]] = {}
    for number in range(conversations):
        system = _text(120, random.Random(f"{seed}-{number}"))
        for arm in (BALANCED, PREFIX):
            talks[arm, number] = [{"role": "system", "content": system}]
    found: list[Turn] = []
    for turn in range(turns):
        for arm in (BALANCED, PREFIX) if turn % 2 else (PREFIX, BALANCED):
            asked = []
            for number in range(conversations):
                question = _text(80, random.Random(f"{seed}-{number}-{turn}"))
                talks[arm, number].append({"role": "user", "content": question})
                asked.append(ask(handle, arm, turn, f"{arm}-{number}", list(talks[arm, number])))
            for number, (figures, text) in enumerate(await asyncio.gather(*asked)):
                talks[arm, number].append({"role": "assistant", "content": text})
                found.append(figures)
    return found


def summary(turns: list[Turn], arm: str) -> dict[str, float]:
    """Return one arm's figures; without first turns, which nobody can have read before."""
    mine = [turn for turn in turns if turn.arm == arm and turn.turn]
    times = [1000 * turn.ttft_s for turn in mine]
    return {
        "turns": len(mine),
        "cached %": round(100 * sum(turn.cached_tokens for turn in mine) / sum(turn.prompt_tokens for turn in mine), 1),
        "ttft p50 ms": round(percentile(times, 0.5), 1),
        "ttft p95 ms": round(percentile(times, 0.95), 1),
        "ttft mean ms": round(sum(times) / len(times), 1),
    }


def main() -> int:
    """Measure, and print both arms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--package", default="base")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--conversations", type=int, default=6)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.update(_ENVIRONMENT)
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # for Serve's controller, which reads the router
    start(options.home, options.package, options.replicas)
    turns = asyncio.run(converse(options.conversations, options.turns, options.seed))
    arms = {arm: summary(turns, arm) for arm in (BALANCED, PREFIX)}
    for arm, figures in arms.items():
        sys.stdout.write(f"{arm:9} " + "  ".join(f"{name} {value}" for name, value in figures.items()) + "\n")
    if options.json is not None:
        record = {"machine": describe(), "arms": arms, "turns": [asdict(turn) for turn in turns]}
        options.json.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
