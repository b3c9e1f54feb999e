"""Days as callers write them."""

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

from appliance.core.messages import _
from appliance.core.validation import Fault

_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: object) -> object:
    """Read a day strictly: pydantic itself also takes times and numbers of seconds."""
    if value is None or isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and _WRITTEN.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Fault(_("it must be a day that exists, written YYYY-MM-DD"))


Day = Annotated[date, BeforeValidator(_day)]
"""A field that takes a `date`, or a day that exists as `YYYY-MM-DD`."""
