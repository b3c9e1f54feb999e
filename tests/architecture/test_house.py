import ast
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"}
HEAVY = {"ray", "vllm", "torch", "transformers", "textual", "sqlalchemy", "httpx", "numpy", "lancedb", "yaml"}


def test_imports_point_down_the_house(root):
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert "0 broken" in found.stdout


def packages(root):
    return sorted(path.name for path in (root / "appliance").iterdir() if (path / "__init__.py").exists())


def test_every_package_has_its_place_in_the_house(root):
    contract = (
        (root / "pyproject.toml").read_text(encoding="utf-8").partition('name = "Imports point down the house"')[2]
    )
    layers = contract.partition("[[tool")[0]
    assert [name for name in packages(root) if f"appliance.{name}" not in layers] == []


def loaded_by(code, cwd):
    """Return the top-level modules that a fresh interpreter has loaded after `code`."""
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in json.loads(shown.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["kb", "--help"], ["up", "--help"], ["--version"], ["nonsense"]], ids=str
)
def test_help_loads_nothing_heavy(tmp_path, arguments):
    loaded = loaded_by(f"from appliance.cli.main import main\nmain({arguments})", tmp_path)
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_the_key_commands_load_no_engine(tmp_path):
    arguments = ["--home", str(tmp_path / "home"), "key", "create", "a"]
    loaded = loaded_by(f"from appliance.cli.main import main\nassert main({arguments}) == 0", tmp_path)
    assert loaded & {"ray", "vllm", "torch", "transformers", "textual", "lancedb"} == set()


# What Serve loads into every replica, and then what it unpickles there.
REPLICA = "import ray.serve._private.replica, ray.serve.handle\n"


@pytest.mark.parametrize(
    "module", ["serving.gateway.app", "serving.ledger", "serving.batch.deployment", "serving.scenario"]
)
def test_a_replica_that_is_replaced_loads_only_what_its_first_requests_need(tmp_path, module):
    """Callers wait while a new replica loads: a second of processor time here is a second without a gateway."""
    loaded = loaded_by(f"{REPLICA}import appliance.{module}", tmp_path)
    assert "structlog" in loaded
    assert loaded & {
        "mcp", "mcp_types", "lancedb", "authlib", "joserfc", "httpx2", "ldap3", "onnxruntime", "tokenizers", "docx",
        "openpyxl", "pypdf", "pypdfium2", "textual", "torch", "vllm", "transformers", "pypinyin",
    } == set()  # fmt: skip


LIGHT_LAYERS = ("appliance.core", "appliance.config", "appliance.state")


def modules(prefix):
    package = __import__(prefix, fromlist=["__path__"])
    return [prefix, *(found.name for found in pkgutil.walk_packages(package.__path__, f"{prefix}."))]


def test_the_lower_layers_are_light_and_importing_them_does_nothing(tmp_path):
    names = [name for layer in LIGHT_LAYERS for name in modules(layer)]
    watch = """
import os, sys
def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise RuntimeError(f"importing opened {arguments[0]} for writing")
    if event in ("socket.connect", "subprocess.Popen", "os.mkdir"):
        raise RuntimeError(f"importing did {event} {arguments}")
sys.addaudithook(watch)
sys.dont_write_bytecode = True
"""
    loaded = loaded_by(watch + "".join(f"import {name}\n" for name in names), tmp_path)
    assert loaded & {"ray", "vllm", "torch", "transformers", "textual", "lancedb", "httpx"} == set()
    assert list(tmp_path.iterdir()) == []


def sources(root):
    for folder in ("appliance", "images", "scenarios", "benchmarks", "tests"):
        yield from (root / folder).rglob("*.py")


def test_no_file_is_longer_than_500_lines(root):
    lengths = {
        str(path.relative_to(root)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(root)
    }
    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length > 500} == {}


def test_no_function_of_the_product_is_longer_than_50_lines(root):
    long = {}
    for path in (root / "appliance").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 50:
                    long[f"{path.relative_to(root)}:{node.name}"] = length
    assert long == {}


def test_no_module_is_named_after_nothing(root):
    assert [str(path) for path in (root / "appliance").rglob("*") if path.stem in FORBIDDEN_NAMES] == []


def test_the_environment_is_read_at_the_edge_only(root):
    """Configuration does no I/O: `os.environ` stays where a process begins or starts another."""
    allowed = {"cli", "operations", "cluster", "packages", "serving", "tui", "hardware"}
    readers = {
        path.relative_to(root / "appliance").parts[0]
        for path in (root / "appliance").rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("os.environ", "os.getenv"))
    }
    assert readers <= allowed
