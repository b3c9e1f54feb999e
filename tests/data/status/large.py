"""Make `sixty-four-nodes.json`, a recorded status of 64 machines of 8 cards: python tests/data/status/large.py."""

import json
import random
from pathlib import Path

NODES, CARDS = 64, 8
MODELS, SCENARIOS = 24, 40
GIB = 1024**3


def main() -> None:
    """Write the file beside this one; the same every time."""
    pick = random.Random(64)
    status = {
        "version": "0.1.0",
        "taken_at": "2026-11-24T06:02:11.000Z",
        "uptime_s": 1_912_350,
        "nodes": [node(pick, number) for number in range(NODES)],
        "applications": [
            *(model(pick, number) for number in range(MODELS)),
            embedder(pick),
            *scenarios(pick),
            gateway(),
        ],
    }
    text = json.dumps(status, ensure_ascii=False, separators=(",", ":"))
    Path(__file__).with_name("sixty-four-nodes.json").write_text(text + "\n", encoding="utf-8")


def node(pick: random.Random, number: int) -> dict[str, object]:
    """Return one machine: number 41 is dead, 17 is being emptied, 23 has a hot card, 9 a full disk."""
    found: dict[str, object] = {
        "node_id": f"n{number:02}",
        "address": f"10.20.{number // 32}.{11 + number % 32}",
        "head": number == 0,
        "state": "dead" if number == 41 else "alive",
        "name": f"gpu-{number + 1:02}",
        "standing": "draining" if number == 17 else "ready",
    }
    if number == 41:
        return found
    disk = 0.95 if number == 9 else pick.uniform(0.2, 0.7)
    return found | {
        "cpu_model": "Intel(R) Xeon(R) Platinum 8480+",
        "cpu_cores": 224,
        "cpu_utilisation": round(pick.uniform(0.02, 0.6), 3),
        "memory_total_bytes": 2048 * GIB,
        "memory_used_bytes": int(2048 * GIB * pick.uniform(0.1, 0.6)),
        "disk_total_bytes": 14_306 * GIB,
        "disk_used_bytes": int(14_306 * GIB * disk),
        "accelerators": [card(pick, number, index) for index in range(CARDS)],
    }


def card(pick: random.Random, number: int, index: int) -> dict[str, object]:
    """Return one card."""
    hot = number == 23 and index == 5
    return {
        "index": index,
        "vendor": "nvidia",
        "name": "NVIDIA H20",
        "memory_total_bytes": 102_625_181_696,
        "memory_used_bytes": int(102_625_181_696 * pick.uniform(0.85, 0.95)),
        "utilisation": round(pick.uniform(0.3, 1.0), 2),
        "temperature_c": 89 if hot else round(pick.uniform(44, 72)),
        "power_w": round(pick.uniform(180, 480), 1),
    }


def traffic(pick: random.Random, scale: int) -> dict[str, object]:
    """Return counters; a few errors are no news."""
    return {
        "requests_total": pick.randrange(scale, 20 * scale),
        "errors_total": pick.randrange(0, 4),
        "prompt_tokens_total": pick.randrange(scale * 300, scale * 900),
        "completion_tokens_total": pick.randrange(scale * 100, scale * 400),
        "in_flight": pick.randrange(0, 40),
        "ttft_p50_s": round(pick.uniform(0.04, 0.2), 3),
        "ttft_p95_s": round(pick.uniform(0.2, 0.9), 3),
    }


def model(pick: random.Random, number: int) -> dict[str, object]:
    """Return one chat model: number 7 waits long, 11 sleeps, 19 has failed."""
    state = {11: "asleep", 19: "failed"}.get(number, "running")
    replicas = {11: 0, 19: 0}.get(number, pick.randrange(1, 17))
    return {
        "name": f"branch-{number + 1:02}" if number else "general",
        "kind": "model",
        "state": state,
        "replicas_running": replicas,
        "replicas_target": max(1, replicas) if state == "failed" else replicas,
        "message": "The cards of the placement are taken." if state == "failed" else "",
        "waiting": 64 if number == 7 else 0 if state != "running" else pick.randrange(0, 4),
        "kv_use": 0.98 if number == 7 else None if state != "running" else round(pick.uniform(0.1, 0.8), 3),
        "traffic": traffic(pick, 4000),
    }


def embedder(pick: random.Random) -> dict[str, object]:
    """Return the embedding model."""
    return plain("embedder", "embedding", 8) | {"traffic": traffic(pick, 9000)}


def scenarios(pick: random.Random) -> list[dict[str, object]]:
    """Return the scenarios."""
    named = [plain(f"counter-{number + 1:02}", "scenario", 2) for number in range(SCENARIOS)]
    return [one | {"traffic": traffic(pick, 500)} for one in named]


def gateway() -> dict[str, object]:
    """Return the gateway."""
    return plain("gateway", "gateway", 4)


def plain(name: str, kind: str, replicas: int) -> dict[str, object]:
    """Return what runs without anything to say of it."""
    return {
        "name": name,
        "kind": kind,
        "state": "running",
        "replicas_running": replicas,
        "replicas_target": replicas,
        "message": "",
        "traffic": {},
    }


if __name__ == "__main__":
    main()
