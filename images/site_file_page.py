"""Write docs/site-file.md from the fields of the site file.

python images/site_file_page.py          write the page
python images/site_file_page.py --check  change nothing; exit 1 where it is not up to date
"""

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from appliance.config.site import SiteConfig

PAGE = Path(__file__).resolve().parent.parent / "docs/site-file.md"
_SIGNS: dict[type, tuple[str, str]] = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}
_HEAD = """# The site file

`site.yaml` in the appliance's home (`$APPLIANCE_HOME`, default `~/.local/share/appliance`) holds what one bank sets.
It may be absent: every setting has a default that works on one machine without a GPU. An unknown name is refused, with
the nearest known one. `appliance doctor` reads it and says what is wrong; a change counts from the next `appliance up`.

This page is made from the code by `images/site_file_page.py`. A dot stands for one level of indentation:
`gateway.port` is written

```yaml
gateway:
  port: 8080
```

"""


def page() -> str:
    """Return the page's text."""
    return _HEAD + "\n\n".join(_section(SiteConfig, "", "Top level")) + "\n"


def _section(model: type[BaseModel], prefix: str, title: str) -> Iterator[str]:
    """Yield the table of one model's plain fields, then the sections below it."""
    lines = [f"## {title}", "", (model.__doc__ or "").strip(), ""]
    lines += ["| setting | type | default | what it is |", "|---|---|---|---|"]
    below: list[tuple[type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        inner, behind = _model_in(field.annotation)
        if inner is not None:
            below.append((inner, f"{prefix}{name}{behind}."))
        if inner is None or inner is not field.annotation:
            default = _default(field)
            lines.append(f"| `{prefix}{name}` | {_type(field)} | {default} | {_sentence(field)} |")
    if len(lines) > 6:
        yield "\n".join(lines)
    for inner, path in below:
        yield from _section(inner, path, f"`{path.rstrip('.')}`")


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, str]:  # noqa: ANN401 - any annotation
    """Return the model that a field holds, alone or many of them, and what stands behind the field's name then."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return _model_in(inner[1])[0], ".ALIAS"
    if origin is tuple:
        return _model_in(inner[0])[0], "[]"
    if origin in (Union, types.UnionType):
        return next((found for part in inner if (found := _model_in(part))[0] is not None), (None, ""))
    return None, ""


def _type(field: FieldInfo) -> str:
    limits = [
        f"{sign} {getattr(item, attribute)}"
        for item in field.metadata
        for kind, (sign, attribute) in _SIGNS.items()
        if isinstance(item, kind)
    ]
    return ", ".join([_type_name(field.annotation), *limits])


def _type_name(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in inner)
    if origin in (Union, types.UnionType):
        return " or ".join("`null`" if part is type(None) else _type_name(part) for part in inner)
    if origin is tuple:
        return "list of sections" if _model_in(annotation)[0] else f"list of {_type_name(inner[0])}"
    if origin is dict:
        return "names and sections"
    plain = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return _type_name(inner[0]) if inner else str(annotation)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "`null`"
    if isinstance(value, dict):
        return ", ".join(f"`{name}`" for name in value)
    plain = list(value) if isinstance(value, tuple) else value
    return f"`{yaml.safe_dump(plain, default_flow_style=True).removesuffix(chr(10)).removesuffix('...').strip()}`"


def _sentence(field: FieldInfo) -> str:
    return " ".join((field.description or "").split()).replace("|", "\\|")


def main() -> int:
    """Write or check the page; return the exit code."""
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
