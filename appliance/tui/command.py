"""One key of the terminal: its id, label and sentence."""

from dataclasses import dataclass

from textual.binding import Binding

from appliance.core.messages import Message


@dataclass(frozen=True)
class Command:
    """One key and what it does; `action` is Textual's name of the method."""

    id: str
    key: str
    action: str
    label: Message
    tip: Message
    display: str | None = None
    show: bool = True

    def binding(self) -> Binding:
        """Return Textual's form; texts are put into the reader's language by `LocalisedScreen`."""
        return Binding(
            self.key,
            self.action,
            self.label.template,
            id=self.id,
            tooltip=self.tip.template,
            key_display=self.display,
            show=self.show,
        )
