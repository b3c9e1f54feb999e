"""The implicit label of AI-generated content in a finished file."""

from appliance.labels.content import ContentLabel
from appliance.labels.files import label_content


def labelled(content: bytes, label: ContentLabel | None, name: str) -> bytes:
    """Return the content with the label, or as it is without one. Raises `InvalidRequest` for a broken label."""
    return content if label is None else label_content(content, label, name)
