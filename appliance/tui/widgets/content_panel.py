"""A text with colours in a frame, scrolled with the keys."""

from textual.content import Content

from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.text_panel import TextPanel


class ContentPanel(TextPanel):
    """Shows a text that has its styles already."""

    def draw(self, title: str, content: Content, subtitle: str = "") -> None:
        """Draw `content`, whose foreign parts the caller has made visible."""
        self.border_title, self.border_subtitle = title, subtitle
        self.query_one(Lines).say(content)
