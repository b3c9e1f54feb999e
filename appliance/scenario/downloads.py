"""Files that an action answers with: the gateway sends their bytes, not JSON."""

from typing import Final

from pydantic import BaseModel, Field

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.units import MIB, human_bytes

MOST_BYTES: Final = 64 * MIB
"""The largest file that an action may answer with."""


class Download(BaseModel):
    """A file as an action's answer.

    `filename` may hold any character but controls and path separators, Chinese too; `media_type` is such as
    `text/csv; charset=utf-8`. What a model wrote of it carries its label inside: the gateway changes no byte.
    """

    filename: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/\\]+$")
    media_type: str = Field(
        max_length=100, pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*(; charset=[a-z0-9-]+)?$", examples=["text/csv"]
    )
    content: bytes

    def check_size(self) -> None:
        """Raise `InvalidRequest` for more than `MOST_BYTES`."""
        if len(self.content) > MOST_BYTES:
            raise InvalidRequest(
                _(
                    "The file would have {actual}; at most {limit} can be sent.",
                    actual=human_bytes(len(self.content)),
                    limit=human_bytes(MOST_BYTES),
                ),
                _("Ask for less, such as a shorter period."),
                code="download_too_large",
            )
