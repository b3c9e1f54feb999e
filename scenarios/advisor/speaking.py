"""Says the sentences of a part of this pack in one language."""

from collections.abc import Mapping

from appliance.scenario.words import Words


class Speaking:
    """Sentences by name, filled in with values."""

    def __init__(self, language: str, sentences: Mapping[str, Words]) -> None:
        self.language = language
        self.chinese = language.startswith("zh")
        self._sentences = sentences

    def say(self, name: str, /, **values: object) -> str:
        """Return a sentence with its values filled in. Raises `KeyError` for an unknown name or a missing value."""
        template = self._sentences[name].within(self.language)
        return template.format(**values) if values else template

    def words(self, words: Words) -> str:
        """Return a text of a YAML file."""
        return words.within(self.language)
