"""Screens never ask the disk on the event loop: one that hangs would stop every key.

What asks it is handed to a thread (`in_thread`, `follow`, `asyncio.to_thread`), or is a function that says in its
docstring that it is called there; such a function is called in such a hand-over only.
"""

import ast
from pathlib import Path

import pytest

# What runs before the event loop, or after it has ended, is not among the files.
TUI = Path(__file__).parents[2] / "appliance" / "tui"
FILES = sorted(path for path in TUI.rglob("*.py") if path.name not in ("__main__.py", "crash.py"))
HANDED_OVER = {"in_thread", "follow", "to_thread", "told_here"}
ASKS = {
    "exists", "is_dir", "is_file", "is_symlink", "is_mount", "stat", "lstat", "iterdir", "glob", "rglob", "read_text",
    "read_bytes", "write_text", "write_bytes", "open", "mkdir", "unlink", "rmdir", "touch", "resolve", "look",
    "load_catalogue", "load_site", "write_durably",
}  # fmt: skip
"""Names of functions and methods that ask the disk, or load what does."""
IN_THREADS = {
    "local.py", "models_work.py", "governance_local.py", "capacity_source.py", "themes.py", "wizard/source.py",
    "browser_driver.py",
}  # fmt: skip
"""Modules whose every such call is behind a method that its callers hand to a thread."""
SAID = "thread"


def name_of(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def faults(source):
    """Yield line and name of each call on the event loop that asks the disk."""

    def walk(node, handed):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            said = ast.get_docstring(node) or ""
            handed = handed or (isinstance(node, ast.FunctionDef) and SAID in said)
        elif isinstance(node, ast.Call):
            name = name_of(node)
            if name in ASKS and not handed:
                yield node.lineno, name
            if name in HANDED_OVER:
                handed = True
        for child in ast.iter_child_nodes(node):
            yield from walk(child, handed)

    yield from walk(ast.parse(source), False)


def called_on_the_loop(source):
    """Yield functions of a module that say they are called in a thread and are called outside of a hand-over."""
    tree = ast.parse(source)
    named = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and "call it in a thread" in (ast.get_docstring(node) or "")
    }

    def walk(node, handed):
        if isinstance(node, ast.FunctionDef) and SAID in (ast.get_docstring(node) or ""):
            handed = True
        if isinstance(node, ast.Call):
            if name_of(node) in named and not handed:
                yield node.lineno, name_of(node)
            handed = handed or name_of(node) in HANDED_OVER
        for child in ast.iter_child_nodes(node):
            yield from walk(child, handed)

    yield from walk(tree, False)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TUI)))
def test_nothing_asks_the_disk_on_the_event_loop(path):
    source = path.read_text(encoding="utf-8")
    if str(path.relative_to(TUI)) not in IN_THREADS:
        assert list(faults(source)) == []
    assert list(called_on_the_loop(source)) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def show(path):\n    return path.is_dir()", [(2, "is_dir")]),
        ("async def show(path):\n    'In a thread.'\n    return path.is_dir()", [(3, "is_dir")]),
        ("async def show(path):\n    return await in_thread(lambda: path.is_dir(), 'en')", []),
        ("def read(path):\n    'Call it in a thread.'\n    return path.read_text()", []),
    ],
)
def test_what_is_found(source, found):
    assert list(faults(source)) == found


def test_a_function_for_threads_that_is_called_on_the_loop_is_found():
    source = "def read(path):\n    'Asks the disk: call it in a thread.'\ndef show(path):\n    read(path)\n"
    assert list(called_on_the_loop(source)) == [(4, "read")]
