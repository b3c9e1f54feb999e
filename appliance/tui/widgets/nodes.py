"""The machines: processor, memory, disk, and a line for each accelerator."""

import re
from collections.abc import Iterator

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from appliance.core.messages import Message, _
from appliance.core.status import AcceleratorStatus, NodeStatus
from appliance.tui import figures
from appliance.tui.drawing import FAINT, MUTED, bar, fit, level_style
from appliance.tui.view import View
from appliance.tui.words import STANDINGS, STATES

_BRAND_NOISE = re.compile(r"\((?:R|TM|r|tm)\)| CPU(?= |$)| @ .*$| Processor$")
_MAXIMUM_BAR = 40
_AMOUNT_WIDTH = 13  # `99.9/99.9 GiB`


class NodeLines(Static):
    """The text inside the panel; it gets narrower when the panel's scroll bar appears."""

    def on_resize(self, _event: Resize) -> None:
        """Fit the bars to the new width."""
        if isinstance(self.parent, NodesPanel):
            self.parent.redraw()


class NodesPanel(VerticalScroll):
    """All nodes, scrolled where they do not fit."""

    view: View | None = None

    def compose(self) -> ComposeResult:
        """One text; the nodes are lines in it."""
        yield NodeLines()

    def show(self, view: View) -> None:
        """Draw `view`."""
        self.view = view
        nodes = view.status.nodes if view.status else ()
        self.border_title = _("Nodes").render(view.language)
        alive = sum(node.state == "alive" for node in nodes)
        counted = _("{alive} of {count} alive", alive=alive, count=len(nodes)).render(view.language)
        self.border_subtitle = counted if nodes else ""
        self.set_class(alive < len(nodes), "-alarm")
        self.redraw()

    def redraw(self) -> None:
        """Draw the last view at the present width."""
        if self.view is None:
            return
        text = self.query_one(NodeLines)
        width = self.scrollable_content_region.width
        language = self.view.language
        if self.view.status is None:
            text.update(Content.styled(_("Waiting for the first reading …").render(language), MUTED))
            return
        headings = self.app.size.height >= 30
        lines = [line for node in self.view.status.nodes for line in node_lines(node, width, language, headings)]
        text.update(Content("\n").join(lines))


def node_lines(node: NodeStatus, width: int, language: str, headings: bool = False) -> Iterator[Content]:
    """Yield a node's lines, each `width` cells: who it is, its meters, its accelerators. A dead node has no meters."""
    yield _identity(node, width, language)
    if node.state == "dead":
        return
    yield _meters(node, width, language)
    if node.accelerators and headings:
        yield _accelerator_headings(width, language)
    for accelerator in node.accelerators:
        yield _accelerator_line(accelerator, width)


def _identity(node: NodeStatus, width: int, language: str) -> Content:
    mark = STATES[node.state]
    words = [mark.word] + ([_("head")] if node.head else [])
    if node.standing in STANDINGS:
        words.append(STANDINGS[node.standing])
    state = " · ".join(word.render(language) for word in words)
    parts = [_BRAND_NOISE.sub("", node.cpu_model).strip()] if node.cpu_model else []
    if node.cpu_cores is not None:
        parts.append(_("{count} cores", count=node.cpu_cores).render(language))
    name = f"  {node.name}" if node.name else ""
    left = cell_len(mark.shape) + 1 + cell_len(node.address + name) + 2 + cell_len(state) + 2
    return Content.assemble(
        (mark.shape, mark.style),
        " ",
        (node.address, "bold"),
        (name, MUTED),
        "  ",
        (state, mark.style),
        "  ",
        (fit(" · ".join(parts), width - left, "right"), MUTED),
    )


def _meters(node: NodeStatus, width: int, language: str) -> Content:
    memory = (node.memory_used_bytes, node.memory_total_bytes)
    disk = (node.disk_used_bytes, node.disk_total_bytes)
    meters: list[tuple[Message, float | None, str]] = [
        (_("CPU"), node.cpu_utilisation, fit(figures.percent(node.cpu_utilisation), 5, "right")),
        (_("Memory"), figures.share(*memory), _amount(*memory)),
        (_("Disk"), figures.share(*disk), _amount(*disk)),
    ]
    labels = [label.render(language) for label, _share, _value in meters]
    fixed = (
        2
        + 2 * 2
        + sum(cell_len(label) + 2 + cell_len(value) for label, (_l, _s, value) in zip(labels, meters, strict=True))
    )
    length = max(3, min(_MAXIMUM_BAR, (width - fixed) // 3))
    parts: list[Content] = []
    for label, (_label, share, value) in zip(labels, meters, strict=True):
        # A busy processor is good news, a full memory is not.
        style = "$primary" if label == labels[0] and share is not None else None
        drawn = bar(share, length, style)
        parts.append(Content.assemble((label, MUTED), " ", drawn, " ", (value, FAINT if share is None else "")))
    return Content("  ") + Content("  ").join(parts)


def _amount(used: int | None, total: int | None) -> str:
    return fit(figures.used_of_total(used, total), _AMOUNT_WIDTH, "right")


def _accelerator_columns(width: int) -> tuple[int, int, int]:
    """Return the cells of name, memory bar and utilisation bar."""
    name = 14 if width < 90 else 24
    free = max(8, width - 4 - 4 - name - 1 - 17 - 7 - 8 - 8)
    memory = min(_MAXIMUM_BAR, free * 3 // 5)
    use = min(_MAXIMUM_BAR, free - memory)
    return name + free - memory - use, memory, use


def _accelerator_headings(width: int, language: str) -> Content:
    name, memory, use = _accelerator_columns(width)
    cells = (
        (_("Accelerator"), 4 + name, "left"),
        (_("Memory"), memory + 17, "left"),
        (_("Use"), use + 7, "left"),
        (_("Temp."), 8, "right"),
        (_("Power"), 8, "right"),
    )
    text = "    " + "".join(fit(title.render(language), size, align) for title, size, align in cells)  # type: ignore[arg-type]
    return Content.styled(text, FAINT)


def _accelerator_line(accelerator: AcceleratorStatus, width: int) -> Content:
    name, memory, use = _accelerator_columns(width)
    amounts = (accelerator.memory_used_bytes, accelerator.memory_total_bytes)
    share = figures.share(*amounts)
    hot = accelerator.temperature_c is not None and accelerator.temperature_c >= 85
    return Content.assemble(
        ("    ", ""),
        (fit(str(accelerator.index), 3), MUTED),
        (" " + fit(accelerator.name.removeprefix("NVIDIA "), name), ""),
        # An engine takes its share of the memory at the start and keeps it: full is normal here.
        bar(share, memory, "$primary" if share is not None else None),
        (fit(figures.used_of_total(*amounts), 15, "right") + "  ", "" if share is not None else FAINT),
        bar(accelerator.utilisation, use, "$secondary" if accelerator.utilisation is not None else None),
        (fit(figures.percent(accelerator.utilisation), 6, "right") + " ", ""),
        (fit(figures.temperature(accelerator.temperature_c), 8, "right"), level_style(0.95) if hot else ""),
        (fit(figures.power(accelerator.power_w), 8, "right"), ""),
    )
