"""What is wrong with the connection, and what to do: shown only while there is something to say."""

from datetime import datetime

from textual.content import Content
from textual.widgets import Static

from appliance.core.messages import _
from appliance.tui.drawing import MUTED
from appliance.tui.view import View


class FaultBanner(Static):
    """Message, hint and how old the readings below are."""

    def show(self, view: View) -> None:
        """Draw `view`; without a fault the banner takes no room."""
        self.display = view.fault is not None
        if view.fault is None:
            return
        lines = [Content.assemble(("✖ ", "$text-error"), (view.fault.message.render(view.language), "bold"))]
        if view.fault.hint is not None:
            lines.append(Content(f"  {view.fault.hint.render(view.language)}"))
        again = _("Trying again every {seconds} s.", seconds=f"{view.interval_s:g}").render(view.language)
        if view.status is not None:
            seen = datetime.fromisoformat(view.status.taken_at).astimezone().strftime("%H:%M:%S")
            again = _("Last seen {time}. {again}", time=seen, again=again).render(view.language)
        lines.append(Content.styled(f"  {again}", MUTED))
        self.update(Content("\n").join(lines))
