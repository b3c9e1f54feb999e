"""Bodies of the knowledge routes."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.days import Day
from appliance.knowledge.models import Details, Name, Selection

Tenants = Annotated[list[Name], Field(max_length=100)]
_SHARED = 'Further tenants that may read it; "*" is every tenant.'


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class KnowledgeBaseRequest(_Body):
    """Body of `POST /v1/knowledge-bases`."""

    name: str = Field(description="Name in addresses: lower case letters, digits and hyphens.")
    title: str = Field(min_length=1, max_length=200, description="Title that people read.")
    shared_with: Tenants = Field(default_factory=list, description=_SHARED)


class KnowledgeBaseChange(_Body):
    """Body of `PATCH /v1/knowledge-bases/{base}`; null leaves a value as it is."""

    title: str | None = Field(default=None, min_length=1, max_length=200, description="Title that people read.")
    shared_with: Tenants | None = Field(default=None, description=_SHARED)


class GlossaryText(_Body):
    """Body of `PUT /v1/knowledge-bases/{base}/glossary`, and what `GET` returns."""

    text: str = Field(max_length=200_000, description="The bank's own terms, one `中文,别名|english,other` a line.")


class DocumentDetails(_Body):
    """Body of `PATCH …/documents/{document}`, and an upload's fields beside `file`; null leaves a value as it is."""

    department: Name | None = Field(default=None, description="Department that answers for it.")
    access: list[Name] | None = Field(
        default=None,
        max_length=100,
        description="Who may read it, as `tenant:…`, `role:…` or `key:…`; empty: whoever reads the base.",
    )
    effective_on: Day | None = Field(default=None, description="First day on which the newest version holds.")
    expires_on: Day | None = Field(default=None, description="Last day on which the newest version holds.")

    def details(self) -> Details:
        """Return them as the store takes them."""
        return Details(**dict(self))


class SearchRequest(_Body):
    """Body of `POST /v1/knowledge-bases/{base}/search`."""

    query: str = Field(min_length=1, max_length=2000, description="What to look for, in Chinese or English.")
    k: int = Field(default=5, ge=1, le=100, description="How many passages.")
    as_of: Day | None = Field(default=None, description="Day whose versions count, YYYY-MM-DD; today by default.")
    documents: list[Name] | None = Field(default=None, max_length=1000, description="Only these document ids.")
    departments: list[Name] | None = Field(default=None, max_length=100, description="Only of these departments.")
    media_types: list[Name] | None = Field(default=None, max_length=20, description="Only of these MIME types.")

    def selection(self) -> Selection:
        """Return what limits the search."""
        return Selection(**{name: getattr(self, name) for name in Selection.model_fields})


def upload_schema() -> dict[str, Any]:
    """Return the OpenAPI schema of an upload: one file, and the details as form fields."""
    day = {"type": "string", "format": "date"}
    fields = DocumentDetails.model_fields
    kinds: dict[str, dict[str, Any]] = {
        "department": {"type": "string", "maxLength": 100},
        "access": {"type": "array", "items": {"type": "string"}, "maxItems": 100},
        "effective_on": day,
        "expires_on": day,
    }
    told = {name: {**kind, "description": fields[name].description} for name, kind in kinds.items()}
    file = {"type": "string", "format": "binary"}
    return {"type": "object", "required": ["file"], "properties": {"file": file, **told}}
