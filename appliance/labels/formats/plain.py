"""Plain text has no metadata: the notice, and below it the wrapped label as the last line."""

import re

from appliance.core.messages import current_language
from appliance.labels.carried import Carried
from appliance.labels.content import LABEL_KEY, ContentLabel
from appliance.labels.formats.decoded import decoded, for_writing
from appliance.labels.wording import has_explicit, with_explicit

_LABEL_LINE = re.compile(rf'^[ \t]*(\{{"{LABEL_KEY}"\s*:\s*\{{.*\}}\s*\}})[ \t]*(?:\r?\n|\Z)', re.MULTILINE)


def read(content: bytes) -> Carried:
    """Find label lines. Raises `InvalidRequest`."""
    text = decoded(content, "txt")
    body = without_label(text)
    return Carried(tuple(_LABEL_LINE.findall(text)), has_explicit(body), body)


def write(content: bytes, label: ContentLabel) -> bytes:
    """Put the label at the end, and the notice above it in the current language where there is none."""
    body = prepared(for_writing(content))
    return f"{body.rstrip()}\n{label.to_json()}\n".encode()


def prepared(text: str) -> str:
    """Return the text as it is labelled, with the notice: what the integrity code covers."""
    return with_explicit(without_label(text), current_language())


def without_label(text: str) -> str:
    """Return the text without its label lines."""
    return _LABEL_LINE.sub("", text)
