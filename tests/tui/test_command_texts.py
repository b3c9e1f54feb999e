"""Every command that a screen shows is one that the command line takes; nothing of it is run.

The texts are those of the code, with a word in place of each value, and those of the stored pictures, as they are.
"""

import ast
import html
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import typer.core
import typer.main
from typer._click.exceptions import BadParameter, MissingParameter, UsageError

from appliance.cli.app import build_app

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "appliance" / "tui").rglob("*.py")) + [
    ROOT / "appliance" / "operations" / name
    for name in ("alerts.py", "audit_filters.py", "forecast.py", "package_facts.py", "model_facts.py")
    if (ROOT / "appliance" / "operations" / name).exists()
]
PICTURES = sorted((Path(__file__).parent / "__snapshots__").rglob("*160x48*.svg"))
WORD = "7"
"""In place of a value that is known only when it runs: a name or a number."""


@cache
def root():
    return typer.main.get_command(build_app("en"))


def fault(text, whole=True):
    """Return why the command line would not take a text; None where it does. A value's own form is not looked at."""
    try:
        words = [WORD if re.fullmatch("[A-Z]+", word) else word for word in shlex.split(text)[1:]]
    except ValueError as error:
        return str(error)
    command = root()
    context = command.context_class(command)
    while isinstance(command, typer.core.TyperGroup):
        if not words:
            return "no command" if whole else None
        if words[0] == WORD or words[0].startswith("--"):
            return None  # one of several, which the pictures have; or an option of `appliance` itself
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
    try:
        command.make_context("it", list(words), parent=context)
    except UsageError as error:
        told = error.format_message()
        of_value = isinstance(error, BadParameter) and not isinstance(error, MissingParameter)
        if (of_value and WORD in told) or (isinstance(error, MissingParameter) and not whole):
            return None
        return told
    return None


def text_of(node):
    """Return the text of a string in the code, with a word for each value; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part.value, ast.IfExp) and isinstance(part.value.body, ast.Constant):
            parts.append(str(part.value.body.value))
        else:  # what stands close to a word is an option that may be missing
            parts.append(WORD if not parts or parts[-1][-1:] in " '\"=@" else "")
    return "".join(parts)


def written(path):
    """Yield line and text of the commands that a file makes: whole strings, and what texts quote in backticks."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = None if id(node) in inner or node in documented else text_of(node)
        if text is None:
            continue
        if re.match(r"appliance [a-z]", text):
            yield node.lineno, text, True
        for quoted in re.findall(r"`(appliance [^`]*)`", text):
            yield node.lineno, re.sub(r"\{[a-z_]+\}", WORD, quoted), False


COMMANDS = [
    pytest.param(text, whole, id=f"{path.relative_to(ROOT / 'appliance')}:{line}")
    for path in CODE
    for line, text, whole in written(path)
]


def test_there_are_commands_to_look_at():
    assert len(COMMANDS) > 60
    assert any("reports sample" in param.values[0] for param in COMMANDS)
    assert len(PICTURES) > 60


@pytest.mark.parametrize(("text", "whole"), COMMANDS)
def test_the_command_line_takes_what_the_code_writes(text, whole):
    assert fault(text, whole) is None, text


def shown(picture):
    """Yield the commands of a stored picture; one that the edge cuts is not whole."""
    lines = html.unescape(picture.read_text(encoding="utf-8")).replace("\xa0", " ")
    for text in re.findall(r">\s*(?:\$ )?(appliance [a-z][^<]*)<", lines):
        yield text.strip().rstrip("│▁▂▃▄▅▆▇█▊▎ ").strip()


def test_the_command_line_takes_what_the_pictures_show():
    faults = {}
    for picture in PICTURES:
        for text in shown(picture):
            cut = text.partition("…")
            why = fault(cut[0].rpartition(" ")[0] if cut[1] else text, whole=not cut[1])
            if why is not None and "requires an argument" not in why:  # the value is on the next line
                faults[text] = f"{why} ({picture.name})"
    assert not faults


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("appliance report start", "no command"),
        ("appliance kb add x --nowait", "No such option"),
        ("appliance kb delete --kb x", "Missing"),
        ("appliance node", "no command"),
        ("appliance node drain a b", "unexpected"),
        ("appliance kb add 'x", "quotation"),
    ],
)
def test_what_is_wrong_is_found(text, why):
    assert why.lower() in (fault(text) or "").lower()
