"""A text in both languages, as the YAML files of packs hold it."""

from pydantic import BaseModel, ConfigDict, Field


class Words(BaseModel):
    """A text in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str = Field(min_length=1, max_length=2000)
    zh: str = Field(min_length=1, max_length=2000)

    def within(self, language: str) -> str:
        """Return the text in `zh_CN`, `zh` or, for any other language, in English."""
        return self.zh if language.startswith("zh") else self.en
