"""What is used of what there is, where use is going, and the way to more."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import OptionList

from appliance.core.messages import Message, _, one_or_many
from appliance.operations.forecast import assumption, in_words
from appliance.tui import capacity_keys as keys
from appliance.tui import capacity_words as words
from appliance.tui import commands, figures
from appliance.tui.capacity_source import ALL
from appliance.tui.drawing import FAINT, MUTED, one_line
from appliance.tui.screens.capacity_base import CLUSTER, MODELS, USAGE, CapacityBase
from appliance.tui.screens.capacity_forecast import ForecastScreen
from appliance.tui.screens.capacity_model import ModelScreen
from appliance.tui.screens.capacity_node import NodeScreen
from appliance.tui.screens.capacity_rows import (
    MODEL_COLUMNS,
    NODE_COLUMNS,
    ModelRow,
    NodeRow,
    model_rows,
    node_rows,
)
from appliance.tui.screens.capacity_tokens import TokensScreen
from appliance.tui.screens.capacity_what_if import WhatIfScreen
from appliance.tui.view import View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.listing import Listing
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.use_chart import UseChart

_WIDE = 120
"""Cells from which on there is room for whole sentences."""


class CapacityScreen(CapacityBase):
    """Nodes and models against their limits, and the forecast; Enter opens a row."""

    COMPACT_BELOW = 110
    AUTO_FOCUS = "#capacity-nodes RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.WHAT_IF, keys.FORECAST, keys.JOIN, commands.NEXT_PANEL)
    ]

    def body(self) -> ComposeResult:
        """Yield the panels from top to bottom."""
        yield NoticeLine()
        yield Listing[NodeRow](id="capacity-nodes")
        yield Listing[ModelRow](id="capacity-models")
        with Horizontal(id="capacity-forecast"):
            yield Lines(id="capacity-words", classes="panel")
            yield UseChart(id="capacity-chart")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw every part."""
        super().show(view)
        language = view.language
        waiting = Message("") if view.fault else _("Waiting for the first reading …")
        nodes = self.query_one("#capacity-nodes", Listing)
        rows = node_rows(view, self.known)
        nodes.border_title = _("Nodes: used of what there is").render(language)
        nodes.border_subtitle = self._open_nodes(rows).render(language) if rows else ""
        nodes.show(rows, NODE_COLUMNS, waiting, language)
        models = self.query_one("#capacity-models", Listing)
        models.border_title = _("Models: requests at once and the users that the plan carries").render(language)
        models.show(model_rows(view, self.known), MODEL_COLUMNS, waiting, language)
        self._show_forecast(language)
        self._show_command()

    def _open_nodes(self, rows: dict[str, NodeRow]) -> Message:
        takes = sum(row.mark.word.template in ("alive", "ready") for row in rows.values())
        return _("{count} of {all} take new work", count=takes, all=len(rows))

    def _show_forecast(self, language: str) -> None:
        found = self.known.forecasts()
        everything = found.pop(ALL, None)
        self.query_one("#capacity-forecast").set_class(not self.may(USAGE, CLUSTER), "-absent")
        panel = self.query_one("#capacity-words", Lines)
        panel.border_title = _("Where use is going").render(language)
        chart = self.query_one("#capacity-chart", UseChart)
        chart.show(_("Requests by day"), everything.days if everything else None, language)
        if everything is None:
            panel.say(Content.styled(_("Reading …").render(language), MUTED))
            return
        lines = [
            self._figure(_("Requests/day"), words.amount(everything.requests_a_day), words.trend(everything.requests)),
            self._figure(_("Tokens/day"), words.amount(everything.tokens_a_day), words.trend(everything.tokens)),
        ]
        name = words.tightest(found)
        if name is not None:
            limit = figures.UNKNOWN if found[name].limit is None else found[name].limit
            told = one_or_many(
                found[name].limit,
                _("{model}: 1 user at once", model=one_line(name)),
                _("{model}: {limit} users at once", model=one_line(name), limit=limit),
            )
            lines += [
                Content.styled(told.render(language), MUTED),
                Content.assemble("  ", (words.when(found[name]).render(language), "bold")),
            ]
            if self.size.width >= _WIDE:
                lines += [Content(""), Content(in_words(found[name]).render(language))]
                lines.append(Content.styled(assumption().render(language), MUTED))
        panel.say(Content("\n").join(lines))

    def _figure(self, label: Message, value: str, trend: str) -> Content:
        language = self.terminal.language
        week = _("{trend}/week", trend=trend).render(language) if trend != figures.UNKNOWN else ""
        return Content.assemble((f"{label.render(language)}  ", MUTED), (value, "bold"), (f"  {week}", FAINT))

    def _show_command(self) -> None:
        focused = self.focused
        on_models = focused is not None and self.query_one("#capacity-models") in focused.ancestors
        command = "appliance status" if on_models or self.source is None else "appliance node list"
        self.query_one(CommandLine).show(self.done_by or command)

    def on_descendant_focus(self) -> None:
        """Show the command of the panel in front."""
        if self.is_mounted:
            self._show_command()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what the reader may not do."""
        needed = {"what_if": (CLUSTER, MODELS), "join": (CLUSTER,), "forecast": (USAGE, CLUSTER)}.get(action)
        return super().check_action(action, parameters) if needed is None else self.may(*needed)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen node or model."""
        self.notice = self.done_by = None
        name = event.option_id or ""
        if self.query_one("#capacity-models") in event.option_list.ancestors:
            self.app.push_screen(ModelScreen(name, self.known))
        else:
            self.app.push_screen(NodeScreen(name, self.known))

    def action_forecast(self) -> None:
        """Show use by day."""
        self.app.push_screen(ForecastScreen(self.known))

    def action_what_if(self) -> None:
        """Plan something else."""
        nodes = [row.name for row in node_rows(self.terminal.view, self.known).values() if row.standing == "ready"]
        self.app.push_screen(WhatIfScreen(self.known, nodes))

    def action_join(self) -> None:
        """Show tokens."""
        self.app.push_screen(TokensScreen())
