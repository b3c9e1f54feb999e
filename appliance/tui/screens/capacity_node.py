"""One node: its hardware, its labels, what the plan places there; close it, open it, empty it, take it out."""

from collections.abc import Iterator

from textual import work
from textual.app import ComposeResult
from textual.content import Content

from appliance.core.messages import Message, _
from appliance.tui import capacity_keys as keys
from appliance.tui import commands, figures
from appliance.tui.acting import Task, Tell
from appliance.tui.capacity_source import Leaving, NodeOrder
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.capacity_base import CLUSTER, CapacityBase, Known
from appliance.tui.screens.capacity_forms import CapacityForm, Form, FormField, Values, not_a_number, whole_number
from appliance.tui.screens.capacity_rows import STANDINGS, NodeRow, labels_text, node_rows, placed_text
from appliance.tui.view import View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.node_lines import node_lines
from appliance.tui.widgets.notice_line import NoticeLine

_FROM: dict[str, tuple[str, ...]] = {
    "cordon": ("ready",),
    "uncordon": ("cordoned",),
    "drain": ("ready", "cordoned", "draining"),
    "remove": ("joining", "ready", "cordoned", "draining"),
}
"""Standings in which something can be done to a node."""
_GONE = _("This node is not there any more.")
_ALONE = _("A machine alone has no name and cannot be closed or emptied; others join with j on the screen before.")
_DONE: dict[Leaving, Message] = {
    "cordon": _("The node takes no new work; what runs there goes on."),
    "uncordon": _("The node takes new work."),
    "drain": _("The node is empty. It may be stopped or removed; restarted, it is used again."),
    "remove": _("The node is no part of the appliance any more."),
}


class NodeScreen(CapacityBase):
    """Shows one node and changes it; each key is there only where it can be used."""

    AUTO_FOCUS = "#capacity-node"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.CORDON, keys.UNCORDON, keys.DRAIN, keys.REMOVE, commands.BACK)
    ]

    def __init__(self, address: str, known: Known) -> None:
        super().__init__(known)
        self._address = address

    def body(self) -> ComposeResult:
        """Yield the facts."""
        yield NoticeLine()
        yield ContentPanel(id="capacity-node", classes="panel")
        yield CommandLine()

    @property
    def row(self) -> NodeRow | None:
        """The node as it is now; None where it has gone."""
        return node_rows(self.terminal.view, self.known).get(self._address)

    def show(self, view: View) -> None:
        """Draw the node."""
        super().show(view)
        row, panel, language = self.row, self.query_one("#capacity-node", ContentPanel), view.language
        if row is None:
            panel.draw(one_line(self._address), Content.styled(_GONE.render(language), MUTED))
        else:
            mark = row.mark
            width = max(20, self.size.width - 5)
            lines = [*_facts(row, language), Content("")]
            if row.status is not None:
                lines += [line.content for line in node_lines(row.status, width, language, headings=True)]
            panel.draw(one_line(row.name), Content("\n").join(lines), f"{mark.shape} {mark.word.render(language)}")
        named = row is not None and row.record is not None
        shown = f"appliance node show {one_line(row.name)}" if named and row is not None else "appliance status"
        self.query_one(CommandLine).show(self.done_by or shown)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what cannot be done to this node, and what the reader may not do."""
        if action not in _FROM:
            return super().check_action(action, parameters)
        record = self.row.record if self.row is not None else None
        if record is None or not self.may(CLUSTER) or (record.role == "head" and action in ("drain", "remove")):
            return False
        return record.state in _FROM[action]

    @work(exclusive=True, group="action")
    async def action_cordon(self) -> None:
        """Close it."""
        question = _("Give {name} no new work?", name=one_line(self.node_name))
        warning = _("What runs there goes on. Other nodes carry what is new.")
        await self.act(self._task_of(NodeOrder("cordon", self.node_name), keys.CORDON.label, question, warning))

    @work(exclusive=True, group="action")
    async def action_uncordon(self) -> None:
        """Open it."""
        question = _("Give {name} new work again?", name=one_line(self.node_name))
        await self.act(self._task_of(NodeOrder("uncordon", self.node_name), keys.UNCORDON.label, question))

    @work(exclusive=True, group="action")
    async def action_drain(self) -> None:
        """Empty it, within a time that is asked."""
        name = self.node_name
        values = await self.app.push_screen_wait(CapacityForm(_timeout_form(name)))
        if values is None:
            return
        seconds = whole_number(values["timeout"])
        order = NodeOrder("drain", name, None if seconds is None else float(seconds))
        warning = _("Its replicas end their requests and start elsewhere, as far as there is room.")
        await self.act(
            self._task_of(order, keys.DRAIN.label, _("Empty the node {name}?", name=one_line(name)), warning)
        )

    @work(exclusive=True, group="action")
    async def action_remove(self) -> None:
        """Empty it and take it out; where it cannot be emptied, ask whether it is to go nevertheless."""
        name = self.node_name
        question = _("Empty the node {name} and take it out of the appliance?", name=one_line(name))
        warning = _("To come back it must join again with a new token.")
        notice = await self.act(self._task_of(NodeOrder("remove", name), keys.REMOVE.label, question, warning))
        if notice is None or notice.kind != "failed":
            return
        again = _("It could not be emptied. Take {name} out all the same?", name=one_line(name))
        lost = _("For a node that is lost: what still runs there ends at once, with the requests that it has.")
        await self.act(self._task_of(NodeOrder("remove", name, force=True), keys.REMOVE.label, again, lost))

    @property
    def node_name(self) -> str:
        """What the commands call it."""
        row = self.row
        return self._address if row is None else row.name

    def _task_of(self, order: NodeOrder, title: Message, question: Message, warning: Message | None = None) -> Task:
        source, language = self.source, self.terminal.language
        assert source is not None

        async def do(tell: Tell) -> Message:
            await source.carry_out(order, tell, language)
            return _DONE[order.do]

        named = None if self.row is None else Message(_named(self.row))
        return Task(title, question, one_line(order.command), do, named=named, warning=warning)


def _named(row: NodeRow) -> str:
    address = row.record.address if row.record is not None else ""
    placed = placed_text(row)
    return " · ".join(one_line(part) for part in (row.name, address, placed) if part)


def _facts(row: NodeRow, language: str) -> Iterator[Content]:
    record = row.record
    pairs: list[tuple[Message, str]] = [
        (_("Placed by the plan"), placed_text(row) or figures.UNKNOWN),
        (_("Labels"), labels_text(row) or figures.UNKNOWN),
    ]
    if record is not None:
        role = _("head node") if record.role == "head" else _("worker node")
        standing = STANDINGS[record.state]
        pairs += [
            (_("Decided by the head"), f"{standing.shape} {standing.word.render(language)}"),
            (_("Role"), role.render(language)),
            (_("Address"), record.address),
            (_("Version"), one_line(record.version)),
            (_("Joined"), record.joined_at[:16].replace("T", " ") + " UTC"),
        ]
    for label, value in pairs:
        yield Content.assemble((f"{label.render(language)}: ", MUTED), value)
    if record is None:
        taken_out = row.status is not None and row.status.state == "dead"  # the cluster knows it a little longer
        yield Content.styled((_GONE if taken_out else _ALONE).render(language), MUTED)


def _timeout_form(name: str) -> Form:
    def check(values: Values) -> Message | None:
        try:
            seconds = whole_number(values["timeout"])
        except ValueError as error:
            return not_a_number(str(error))
        return _("Give at least one second, or nothing.") if seconds == 0 else None

    def command(values: Values) -> str:
        written = values["timeout"]
        return f"appliance node drain {one_line(name)}" + (f" --timeout {one_line(written)}" if written else "")

    return Form(
        title=_("Drain {name}", name=one_line(name)),
        told=_("Requests that run there end first. Without a time it waits for the longest generation and a minute."),
        fields=(FormField("timeout", _("Longest wait in seconds")),),
        check=check,
        command=command,
    )
