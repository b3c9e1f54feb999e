"""Keep the Chinese catalogue in step with the code: collect templates, merge translations, compile.

    python images/messages.py [MORE.po ...]     write appliance.po and appliance.mo
    python images/messages.py --check           change nothing; exit 1 where they are not in step

A template is the literal first argument of `_()`. Translations come from the catalogue itself and, first, from
the files named. The output holds no dates and no line numbers, so that only a changed text changes it.
"""

import argparse
import ast
import io
import string
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO_FILE = ROOT / "appliance/locale/zh_CN/LC_MESSAGES/appliance.po"
MO_FILE = PO_FILE.with_suffix(".mo")
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
_HEADER = "# Chinese texts of the appliance. Made by images/messages.py; edit only the translations."


def source_files() -> Iterator[Path]:
    """Yield each file whose texts are translated."""
    yield from sorted((ROOT / "appliance").rglob("*.py"))
    yield from sorted((ROOT / "scenarios").rglob("*.py"))


def calls(path: Path) -> Iterator[ast.Call]:
    """Yield each call of the `_` of appliance.core.messages in one file, also those inside f-strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "appliance.core.messages"
        and any(name.name == "_" and name.asname is None for name in node.names)
        for node in ast.walk(tree)
    )
    for node in ast.walk(tree) if imported else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield node


def literal(call: ast.Call) -> str | None:
    """Return the template of a call, or None where it is not one literal string."""
    first = call.args[0] if len(call.args) == 1 else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value else None


def templates() -> dict[str, list[str]]:
    """Return each template with the files it stands in."""
    found: dict[str, list[str]] = {}
    for path in source_files():
        place = path.relative_to(ROOT).as_posix()
        for template in filter(None, map(literal, calls(path))):
            if place not in found.setdefault(template, []):
                found[template].append(place)
    return found


def wrong_calls() -> list[str]:
    """Say which calls of `_` have no literal template, or other values than its fields."""
    found = []
    for path in source_files():
        for call in calls(path):
            template = literal(call)
            given = {keyword.arg for keyword in call.keywords}
            if template is None:
                found.append(f"{path.relative_to(ROOT)}:{call.lineno}: the template is not one literal string")
            elif None not in given and given != fields(template):
                found.append(f"{path.relative_to(ROOT)}:{call.lineno}: values {given} for the fields of {template!r}")
    return found


def read_translations(path: Path) -> dict[str, str]:
    """Return the non-empty, non-fuzzy translations in a .po file."""
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    return {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str) and message.id and isinstance(message.string, str) and message.string
        if not message.fuzzy
    }


def fields(template: str) -> set[str]:
    """Return the names of the `str.format` fields in `template`."""
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name is not None}


def holds_words(template: str) -> bool:
    """Say whether `template` holds letters outside its fields; one that does not is the same in every language."""
    return any(text and any(map(str.isalpha, text)) for text, *_field in string.Formatter().parse(template))


def faults(translations: dict[str, str]) -> list[str]:
    """Say what is wrong with `translations` for the templates in the code: absent, or with other fields."""
    found = []
    for template, places in templates().items():
        chinese = translations.get(template) or _unchanged(template)
        if not chinese:
            found.append(f"{places[0]}: not translated: {template!r}")
        elif fields(chinese) != fields(template):
            found.append(f"{places[0]}: other fields in {chinese!r} than in {template!r}")
    return found


def _unchanged(template: str) -> str:
    return "" if holds_words(template) else template


def make_catalogue(translations: dict[str, str]) -> Catalog:
    """Return the catalogue of the templates in the code, in alphabetical order; others are dropped."""
    catalogue = Catalog(
        locale="zh_CN",
        header_comment=_HEADER,
        project="llm-appliance",
        creation_date=_NO_DATE,
        revision_date=_NO_DATE,
        fuzzy=False,
    )
    for template, places in sorted(templates().items()):
        catalogue.add(
            template, translations.get(template) or _unchanged(template), locations=[(place, 0) for place in places]
        )
    return catalogue


def po_bytes(catalogue: Catalog) -> bytes:
    """Return the text form of `catalogue`."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=120, include_lineno=False)
    return buffer.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """Return the compiled form of `catalogue`."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Merge and compile, or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("more", nargs="*", type=Path, help="further .po files, the last one first")
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    translations = read_translations(PO_FILE)
    for path in options.more:
        translations.update(read_translations(path))
    catalogue = make_catalogue(translations)
    outputs = {PO_FILE: po_bytes(catalogue), MO_FILE: mo_bytes(catalogue)}
    found = wrong_calls() + faults(translations)
    for path, content in outputs.items():
        if options.check:
            if not path.exists() or path.read_bytes() != content:
                found.append(f"{path.relative_to(ROOT)}: not up to date, run python images/messages.py")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for fault in found:
        print(fault)
    print(f"{len(templates())} templates, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
