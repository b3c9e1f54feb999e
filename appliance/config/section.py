"""What all sections of the site file have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, without unknown names; the text under each field is its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
