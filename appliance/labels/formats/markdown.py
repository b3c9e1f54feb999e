"""Markdown: the label is `AIGC:` in the front matter, a JSON object, which is also YAML."""

import re

import yaml

from appliance.labels.carried import Carried
from appliance.labels.content import LABEL_KEY, ContentLabel
from appliance.labels.formats.decoded import decoded, for_writing
from appliance.labels.wording import has_explicit

_MOST_FRONT_MATTER = 64 * 1024
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(?P<keys>.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
# The key with the lines below it that belong to it: indented ones, and empty ones between them.
_ENTRY = re.compile(
    rf"^[\"']?{LABEL_KEY}[\"']?[ \t]*:.*(?:\r?\n|\Z)(?:(?:[ \t]*\r?\n)*[ \t]+\S.*(?:\r?\n|\Z))*",
    re.MULTILINE | re.IGNORECASE,
)


def read(content: bytes) -> Carried:
    """Find the label in the front matter. Raises `InvalidRequest`."""
    text = decoded(content, "Markdown")
    found = _front_matter(text)
    body = text[found.end() :] if found else text
    return Carried(_labels(found["keys"]) if found else (), has_explicit(body), without_label(text))


def write(content: bytes, label: ContentLabel) -> bytes:
    """Put the label first into the front matter, which is made where there is none; other keys stay as written."""
    text = without_label(for_writing(content))
    line = f"{LABEL_KEY}: {label.to_value()}\n"
    if _front_matter(text):
        first, rest = text.split("\n", 1)
        return f"{first}\n{line}{rest}".encode()
    return f"---\n{line}---\n{text}".encode()


def without_label(text: str) -> str:
    """Return the text as it was before it was labelled: what the integrity code covers."""
    found = _front_matter(text)
    if found is None:
        return text
    kept = _ENTRY.sub("", found["keys"])
    if not kept.strip():
        return text[found.end() :]
    return text[: found.start("keys")] + kept + text[found.end("keys") :]


def has_front_matter(text: str) -> bool:
    """Tell whether a text begins with front matter."""
    return _front_matter(text) is not None


def _front_matter(text: str) -> re.Match[str] | None:
    """Return the block of keys that a text begins with; a rule across the page begins none."""
    found = _FRONT_MATTER.match(text)
    if found is None or len(found["keys"]) > _MOST_FRONT_MATTER:
        return None
    try:
        keys = _yaml(found["keys"])
    except (yaml.YAMLError, RecursionError):
        return None
    return found if keys is None or isinstance(keys, dict) else None


def _yaml(text: str) -> object:
    # BaseLoader makes texts only: a number of zeros stays what it is, and no tag is acted on.
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506


def _labels(keys: str) -> tuple[object, ...]:
    """Return the values of all entries named AIGC: read one by one, because YAML keeps only the last of a name."""
    return tuple(map(_value, _ENTRY.findall(keys)))


def _value(entry: str) -> object:
    """Return an entry's value; one that is no YAML by itself stays text, which is no label then."""
    try:
        read = _yaml(entry)
    except (yaml.YAMLError, RecursionError):
        read = None
    return next(iter(read.values()), entry) if isinstance(read, dict) else entry
