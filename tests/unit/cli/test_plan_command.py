import io
import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

FACTS = Path(__file__).parents[2] / "data" / "machines" / "facts"


def test_a_plan_is_drawn_with_its_memory_and_notes(run, home):
    shown = run("plan", "--machine", FACTS / "8xH20.json", "--model", "general=deepseek-v3", "--users", 20)
    assert shown.code == 0
    assert "DeepSeek-V3" in shown.out
    assert "node-1:0-7" in shown.out
    assert "79.3" in shown.out
    assert "Speeds are computed from data sheets" in shown.out
    assert shown.err == ""


def test_what_does_not_fit_is_told_with_the_least_change(run, home):
    shown = run("plan", "--machine", FACTS / "1xL20.json", "--model", "general=deepseek-v3")
    assert shown.code == 9
    lines = shown.out.splitlines()
    assert lines[1] == "✗ general: fits here: no"
    assert lines[2].startswith("  Because: In int4 over 1 × NVIDIA L20 each needs")
    assert lines[3] == "  What would do: Take DeepSeek-R1-Distill-Qwen-32B, which fits."


def test_a_level_that_cannot_be_reached_is_told(run, home):
    shown = run("plan", "--machine", FACTS / "cpu-only.json", "--ttft-ms", 1)
    assert shown.code == 9
    lines = shown.out.splitlines()
    assert lines[0].startswith("Asked: first token within 1 ms, 8.0 tokens/s for each user, prompts of 1500 tokens")
    assert lines[1] == "✗ general: fits in memory: yes; service level: no"
    assert "alone takes" in lines[2]
    assert lines[3] == "  No single change was found that is enough."
    assert lines[4] == "✗ finance: fits in memory: yes; service level: no"
    assert "✓ embedder: fits in memory: yes" in lines


def test_what_fits_and_is_fast_enough_is_told_with_its_users(run, home):
    shown = run("plan", "--machine", FACTS / "8xH20.json", "--model", "general=qwen3-32b")
    assert "✓ general: fits in memory: yes; service level: yes, for" in shown.out.splitlines()[1]
    assert "What would do" not in shown.out
    few = run("plan", "--machine", FACTS / "8xH20.json", "--model", "general=qwen3-32b", "--users", 5)
    assert "answers of 300, 5 users." in few.out.splitlines()[0]


def test_a_card_of_unknown_speed_has_an_unknown_level(run, home, tmp_path):
    machine = json.loads((FACTS / "1xL20.json").read_text())
    facts = machine.get("facts", machine)
    for card in facts["accelerators"]:
        card["name"] = "NVIDIA X9"
    (tmp_path / "x9.json").write_text(json.dumps(machine))
    shown = run("plan", "--machine", tmp_path / "x9.json", "--model", "general=qwen3-8b")
    assert "✓ general: fits in memory: yes; service level: unknown" in shown.out


def test_json_is_all_of_stdout(run, home):
    shown = run("plan", "--json", "--machine", FACTS / "2x4090.json", "--model", "general=qwen3-14b")
    assert shown.code == 0
    assert shown.json["placements"][0]["tensor_parallel"] == 2
    assert shown.json["placements"][1]["alias"] == "embedder"
    refused = run("plan", "--json", "--machine", FACTS / "2x4090.json", "--model", "general=deepseek-v3")
    assert refused.code == 9
    assert refused.json["refusals"][0]["changes"][0]["kind"] == "model"


def test_the_plan_of_the_site_file_needs_no_options(run, home):
    (home / "site.yaml").write_text("accelerator: cpu\n")
    shown = run("plan", "--json", "--ttft-ms", 10**7, "--tokens-per-s", 0.001)
    assert shown.json["level"]["ttft_ms"] == 10**7
    assert run("plan").code in (0, 9)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--users", "-1"), "The field users is not valid"),
        (("--model", "general=qwen3-32"), "Did you mean qwen3-32b"),
        (("--model", "qwen3-32b"), "Write ALIAS=NAME"),
        (("--machine", "/nowhere.json"), "appliance doctor --record FILE"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(run, home, arguments, told):
    shown = run("plan", *arguments)
    assert (shown.code, shown.out) == (7, "")
    assert told in shown.err


def test_a_plan_fits_a_narrow_terminal(run, home, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("plan", "--machine", FACTS / "8xH20.json", "--model", "general=qwen3-32b")
    tables = shown.out.split("\n\n", 1)[1].split("·")[0]
    assert max(map(len, tables.splitlines())) <= 80
    assert "Qwen3 32B" in tables


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("machine", sorted(file.stem for file in FACTS.glob("*.json")))
def test_the_words_of_no_recorded_machine_are_cut_at_80_columns(run, home, monkeypatch, machine, language):
    monkeypatch.setenv("COLUMNS", "80")
    asked = ("--model", "general=deepseek-v3", "--model", "finance=dianjin-r1-7b", "--users", 20)
    shown = run("--language", language, "plan", "--machine", FACTS / f"{machine}.json", *asked)
    tables = shown.out.split("\n\n", 1)[1].split("·")[0]
    assert max(cell_len(line) for line in tables.splitlines()) <= 80
    assert "…" not in tables
    for alias in ("finance", "embedder"):
        assert re.search(rf"(^|\s){alias}\s", tables, re.MULTILINE) is not None


def test_a_precision_is_asked_for_with_the_name(run, home):
    shown = run("plan", "--json", "--machine", FACTS / "1xL20.json", "--model", "general=qwen3-32b:int4")
    assert shown.json["placements"][0]["precision"] == "int4"
    refused = run("plan", "--machine", FACTS / "1xL20.json", "--model", "general=qwen3-32b:int8")
    assert (refused.code, refused.out) == (7, "")
    assert "Published are: bf16, fp8, int4." in refused.err


EASY = ("--ttft-ms", 10**7, "--tokens-per-s", 0.001)
WRONG_CARDS = """# ours
accelerator: cpu
models:
  general: {package: base, engine: {tensor_parallel_size: 2}}  # one card too many
"""


def test_a_plan_is_applied_and_says_what_has_changed(run, home):
    (home / "site.yaml").write_text(WRONG_CARDS)
    shown = run("plan", "--apply", "--yes", *EASY)
    assert shown.code == 0
    assert re.search(r"general\s+engine\.tensor_parallel_size\s+2\s+1\b", shown.out)
    assert "It counts from the next start: `appliance down`, then `appliance up`." in shown.err
    assert (home / "site.yaml").read_text() == WRONG_CARDS.replace("size: 2", "size: 1")
    again = run("plan", "--apply", "--yes", *EASY)
    assert "The site file says already what the plan says." in again.out
    assert "is written" not in again.err


def test_an_applied_plan_as_json_holds_what_has_changed(run, home):
    (home / "site.yaml").write_text(WRONG_CARDS)
    shown = run("plan", "--apply", "--yes", "--json", *EASY)
    assert shown.json["complete"]
    assert shown.json["changed"] == [
        {"alias": "general", "setting": "engine.tensor_parallel_size", "before": 2, "after": 1}
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (EASY, 7, "nobody is here to answer"),
        (("--yes", "--machine", FACTS / "cpu-only.json"), 7, "A plan with --machine is not of this appliance"),
        (("--yes", "--ttft-ms", 1), 7, "the service level is not reached"),
    ],
)
def test_a_plan_that_is_not_applied_leaves_the_file_as_it_was(run, home, arguments, code, told):
    (home / "site.yaml").write_text(WRONG_CARDS)
    shown = run("plan", "--apply", *arguments)
    assert (shown.code, told in shown.err) == (code, True)
    assert (home / "site.yaml").read_text() == WRONG_CARDS


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False)])
def test_a_person_is_asked_before_the_file_is_written(run, home, monkeypatch, answer, written):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    (home / "site.yaml").write_text(WRONG_CARDS)
    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    shown = run("plan", "--apply", *EASY)
    assert "Write this to" in shown.err
    assert ((home / "site.yaml").read_text() != WRONG_CARDS) == written
    assert (shown.code == 0) == written


def test_more_machines_and_another_model_are_planned_beside_what_is_there(run, home):
    (home / "site.yaml").write_text("models:\n  general: {package: qwen3-32b}\n")
    machine = FACTS / "8xH20.json"
    shown = run("plan", "--json", "--choose", "--machine", machine, "--users", 5000, "--more-nodes", 1,
                "--like", "node-1", "--with-model", "small=qwen3-8b")  # fmt: skip
    placements = {one["alias"]: one for one in shown.json["placements"]}
    assert set(placements) >= {"general", "small", "embedder"}
    nodes = {use["node"] for one in placements.values() for replica in one["replicas"] for use in replica}
    assert nodes == {"node-1", "new-1"}
    refused = run("plan", "--apply", "--yes", "--more-nodes", 1)
    assert "--more-nodes is not of this appliance" in refused.err
