"""Names out of what stands behind a label, where a page ran the next lines into it."""

import re

from ..sorting.companies import company_names, stem


def only_name(text: str) -> str:
    """Return a name without what follows it: another label with its colon, digits of a day, a second company."""
    if not re.search(r"[:：]|\d{4}", text) and len(text) <= 40:
        return text
    whole = company_names(text[:120])
    if whole and stem(text).startswith(stem(whole[0])[:4]):
        return whole[0]
    head = re.split(r"[，,。；;]|\d{4}", text, maxsplit=1)[0]
    return re.split(r"[:：]", head, maxsplit=1)[0].strip() or text
