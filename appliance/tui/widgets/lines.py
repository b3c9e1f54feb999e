"""A text whose height follows what it says."""

from textual.content import Content
from textual.widgets import Static


class Lines(Static):
    """A `Static` that is laid out for its last text, however quickly texts follow each other."""

    def say(self, text: Content) -> None:
        """Draw `text`."""
        if isinstance(self.content, Content) and self.content.is_same(text):
            return
        # The toolkit counts one change of layout until the widget is idle; a second text before that would be
        # measured by what was remembered of the first.
        self._layout_updates += 1
        self.update(text)
