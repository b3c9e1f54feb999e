"""Styles that are parsed once: half of what a screen costs when it is opened for the first time."""

from textual.css.stylesheet import Stylesheet


class SteadyStylesheet(Stylesheet):
    """Parses all sources anew only where a theme gave the colours other values, and else only what was added.

    Textual does so whenever a screen comes to the front that is not up to date, as each one is at first.
    """

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parsed_with = variables
        self._anew = False

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the values of a theme; those that are here already change nothing."""
        if variables != self._parsed_with:
            self._parsed_with, self._anew = variables, True
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what has to be parsed."""
        if self._anew:
            super().reparse()
            self._anew = False
        else:
            self.rules  # noqa: B018 - parses the sources that were added
