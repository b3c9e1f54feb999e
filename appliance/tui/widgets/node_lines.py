"""How one machine is drawn: folded on one line, or with its meters and a line for each accelerator."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from appliance.core.messages import Message, _, one_or_many
from appliance.operations.alerts import HOT_C, node_name
from appliance.tui import figures
from appliance.tui.drawing import FAINT, MUTED, bar_parts, fit, level_style, one_line
from appliance.tui.widgets.parts import Part, PartsLine
from appliance.tui.words import STANDINGS, STATES

if TYPE_CHECKING:
    from appliance.core.status import AcceleratorStatus, NodeStatus

_BRAND_NOISE = re.compile(r"\((?:R|TM|r|tm)\)| CPU(?= |$)| @ .*$| Processor$")
_MAXIMUM_BAR = 40
_AMOUNT_WIDTH = 13  # `99.9/99.9 GiB`
_NAME: Final = 20
_GAP: Final = "  "


def node_lines(node: "NodeStatus", width: int, language: str, headings: bool = False) -> Iterator[PartsLine]:
    """Yield a node's lines, each `width` cells: who it is, its meters, its accelerators. A dead node has no meters."""
    yield _identity(node, width, language)
    if node.state == "dead":
        return
    yield _meters(node, width, language)
    if node.accelerators and headings:
        yield _accelerator_headings(width, language)
    for accelerator in node.accelerators:
        yield _accelerator_line(accelerator, width)


def node_state(node: "NodeStatus", language: str) -> str:
    """Return whether a node answers, and what the head has decided of it."""
    words = [STATES[node.state].word] + ([_("head")] if node.head else [])
    if node.standing in STANDINGS:
        words.append(STANDINGS[node.standing])
    return " · ".join(word.render(language) for word in words)


def _identity(node: "NodeStatus", width: int, language: str) -> PartsLine:
    mark, state = STATES[node.state], node_state(node, language)
    parts = [_BRAND_NOISE.sub("", node.cpu_model).strip()] if node.cpu_model else []
    if node.cpu_cores is not None:
        cores = one_or_many(node.cpu_cores, _("1 core"), _("{count} cores", count=node.cpu_cores))
        parts.append(cores.render(language))
    name = f"  {node.name}" if node.name else ""
    left = cell_len(mark.shape) + 1 + cell_len(node.address + name) + 2 + cell_len(state) + 2
    return PartsLine(
        (mark.shape, mark.style),
        (" ", ""),
        (node.address, "bold"),
        (name, MUTED),
        (_GAP, ""),
        (state, mark.style),
        (_GAP, ""),
        (fit(" · ".join(parts), width - left, "right"), MUTED),
    )


def _meters(node: "NodeStatus", width: int, language: str) -> PartsLine:
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
    parts: list[Part] = []
    for label, (_label, share, value) in zip(labels, meters, strict=True):
        # A busy processor is good news, a full memory is not.
        style = "$primary" if label == labels[0] and share is not None else None
        parts += [(_GAP, ""), (label, MUTED), (" ", ""), *bar_parts(share, length, style)]
        parts += [(" ", ""), (value, FAINT if share is None else "")]
    return PartsLine(*parts)


def _amount(used: int | None, total: int | None) -> str:
    return fit(figures.used_of_total(used, total), _AMOUNT_WIDTH, "right")


def _accelerator_columns(width: int) -> tuple[int, int, int]:
    """Return the cells of name, memory bar and utilisation bar."""
    name = 14 if width < 90 else 24
    free = max(8, width - 4 - 4 - name - 1 - 17 - 7 - 8 - 8)
    memory = min(_MAXIMUM_BAR, free * 3 // 5)
    use = min(_MAXIMUM_BAR, free - memory)
    return name + free - memory - use, memory, use


def _accelerator_headings(width: int, language: str) -> PartsLine:
    name, memory, use = _accelerator_columns(width)
    cells = (
        (_("Accelerator"), 4 + name, "left"),
        (_("Memory"), memory + 17, "left"),
        (_("Use"), use + 7, "left"),
        (_("Temp."), 8, "right"),
        (_("Power"), 8, "right"),
    )
    text = "    " + "".join(fit(title.render(language), size, align) for title, size, align in cells)  # type: ignore[arg-type]
    return PartsLine((text, FAINT))


def _accelerator_line(accelerator: "AcceleratorStatus", width: int) -> PartsLine:
    name, memory, use = _accelerator_columns(width)
    amounts = (accelerator.memory_used_bytes, accelerator.memory_total_bytes)
    share = figures.share(*amounts)
    hot = accelerator.temperature_c is not None and accelerator.temperature_c >= HOT_C
    return PartsLine(
        ("    ", ""),
        (fit(str(accelerator.index), 3), MUTED),
        (" " + fit(accelerator.name.removeprefix("NVIDIA "), name), ""),
        # An engine takes its share of the memory at the start and keeps it: full is normal here.
        *bar_parts(share, memory, "$primary" if share is not None else None),
        (fit(figures.used_of_total(*amounts), 15, "right") + "  ", "" if share is not None else FAINT),
        *bar_parts(accelerator.utilisation, use, "$secondary" if accelerator.utilisation is not None else None),
        (fit(figures.percent(accelerator.utilisation), 6, "right") + " ", ""),
        (fit(figures.temperature(accelerator.temperature_c), 8, "right"), level_style(0.95) if hot else ""),
        (fit(figures.power(accelerator.power_w), 8, "right"), ""),
    )


def folded_columns(nodes: "Sequence[NodeStatus]", language: str) -> tuple[int, int]:
    """Return the cells of name and state that these nodes need below each other."""
    names = max((cell_len(one_line(node_name(node))) for node in nodes), default=0)
    states = max((cell_len(node_state(node, language)) for node in nodes), default=0)
    return min(_NAME, names), states


def folded_line(node: "NodeStatus", width: int, language: str, columns: tuple[int, int]) -> PartsLine:
    """Return a node on one line of `width` cells; from the right goes what does not fit."""
    mark, (name, state) = STATES[node.state], columns
    parts: list[Part] = [
        (mark.shape, mark.style), (" ", ""), (fit(one_line(node_name(node)), name), "bold"), (_GAP, ""),
        (fit(node_state(node, language), state), mark.style),
    ]  # fmt: skip
    free = width - _cells(parts) - len(_GAP)
    for meter in _meters_as_words(node, language) if node.state == "alive" else ():
        if (cells := _cells(meter)) > free:
            break
        parts += [(_GAP, ""), *meter]
        free -= cells + len(_GAP)
    if node.name and free >= cell_len(node.address):
        parts += [(_GAP, ""), (one_line(node.address), MUTED)]
    return PartsLine(*parts)


def _cells(parts: "Sequence[Part]") -> int:
    return sum(cell_len(text) for text, _style in parts)


def _meters_as_words(node: "NodeStatus", language: str) -> Iterator[list[Part]]:
    """Yield the meters as words; all cards together."""
    memory = figures.share(node.memory_used_bytes, node.memory_total_bytes)
    disk = figures.share(node.disk_used_bytes, node.disk_total_bytes)
    yield _meter(_("CPU"), node.cpu_utilisation, "", language)
    yield _meter(_("Memory"), memory, _told(memory), language)
    if node.accelerators:
        yield from _cards(node.accelerators, language)
    yield _meter(_("Disk"), disk, _told(disk), language)


def _meter(label: Message, share: float | None, style: str, language: str) -> list[Part]:
    text = fit(figures.percent(share), 6, "right")
    return [(label.render(language), MUTED), (text, FAINT if share is None else style)]


def _cards(cards: "Sequence[AcceleratorStatus]", language: str) -> Iterator[list[Part]]:
    uses = [card.utilisation for card in cards if card.utilisation is not None]
    use = figures.percent(sum(uses) / len(uses) if uses else None)
    count = one_or_many(len(cards), _("1 card"), _("{count} cards", count=len(cards)))
    yield [(count.render(language), MUTED), (fit(use, 6, "right"), FAINT if not uses else "")]
    heats = [card.temperature_c for card in cards if card.temperature_c is not None]
    hottest = max(heats, default=None)
    hot = hottest is not None and hottest >= HOT_C
    heat = ("▲" if hot else "") + figures.temperature(hottest)
    yield [(fit(heat, 6, "right"), level_style(0.95) if hot else "" if heats else FAINT)]


def _told(share: float | None) -> str:
    """Return the style of a figure: none where it is well."""
    style = level_style(share)
    return "" if style == "$primary" else style
