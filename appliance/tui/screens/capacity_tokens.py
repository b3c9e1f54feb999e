"""Tokens with which other machines join: each lets one in, and its secret is shown once."""

from datetime import datetime
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Footer, Static

from appliance.core.clock import iso
from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.tui import capacity_keys as keys
from appliance.tui import commands, figures
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.capacity_base import CLUSTER, Acted, CapacityBase
from appliance.tui.screens.capacity_forms import CapacityForm, Form, FormField, Values
from appliance.tui.screens.localised import LocalisedDialog
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.words import StateMark

if TYPE_CHECKING:
    from appliance.operations.nodes.tokens import NewToken
    from appliance.state.nodes import JoinToken

_STATES: dict[str, StateMark] = {
    "active": StateMark("●", _("active"), "$text-success"),
    "used": StateMark("◆", _("used"), MUTED),
    "revoked": StateMark("✖", _("revoked"), "$text-error"),
    "expired": StateMark("○", _("expired"), MUTED),
}
_Row = tuple["JoinToken", StateMark]
_COLUMNS = (
    Column[_Row](_("State"), 10, lambda r, lang: f"{r[1].shape} {r[1].word.render(lang)}", style=lambda r: r[1].style),
    Column[_Row](_("Id"), 30, lambda r, _l: r[0].id),
    Column[_Row](_("Good until"), 11, lambda r, _l: _moment(r[0].expires_at)),
    Column[_Row](_("Made by"), 10, lambda r, _l: one_line(r[0].created_by), style=lambda _r: MUTED, grows=True),
    Column[_Row](_("Created"), 11, lambda r, _l: _moment(r[0].created_at), style=lambda _r: MUTED, rank=1),
    Column[_Row](_("Used by"), 31, lambda r, _l: one_line(r[0].used_by or figures.UNKNOWN), rank=2),
)


class TokensRead(Event):
    """The tokens came, or why not."""

    def __init__(self, tokens: "tuple[JoinToken, ...] | None", fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.tokens, self.fault = tokens, fault


class TokenDialog(LocalisedDialog[None]):
    """Shows what is typed on the machine that is to join: once."""

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [keys.COPY.binding(), commands.CLOSE.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, made: "NewToken") -> None:
        super().__init__()
        self._made = made

    def compose(self) -> ComposeResult:
        """Lay out the box: the whole command, and what is to be known of it."""
        language, record = self.terminal.language, self._made.record
        with Vertical(classes="dialog panel") as box:
            box.border_title = _("Join a machine").render(language)
            told = _("Type this on the machine that is to join, until {end}:", end=_moment(record.expires_at))
            yield Static(Content.styled(told.render(language), "bold"), classes="asked")
            yield Static(Content(self._made.command), id="join-command")
            once = _("It is shown this once, and lets one machine join. Its id is {id}.", id=record.id)
            yield Static(Content.styled(f"▲ {once.render(language)}", "$text-warning"), classes="asked")
            yield NoticeLine()
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Without a notice there is no room for one."""
        self.query_one(NoticeLine).show(None, self.terminal.language)

    def action_copy(self) -> None:
        """Give it to the clipboard of the terminal program, as far as that allows it."""
        self.app.copy_to_clipboard(self._made.command)
        told = _("Given to the clipboard; not every terminal program takes it, so look before you rely on it.")
        self.query_one(NoticeLine).show(Notice("done", told), self.terminal.language)


class TokensScreen(CapacityBase):
    """Lists the tokens, makes and revokes them."""

    AUTO_FOCUS = "RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.NEW_TOKEN, keys.REVOKE_TOKEN, commands.BACK)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._tokens: tuple[JoinToken, ...] | None = None
        self._fault: ApplianceError | None = None

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield NoticeLine()
        yield Listing[_Row](id="capacity-tokens")
        yield CommandLine()

    def on_mount(self) -> None:
        """Read the tokens alone."""
        self.show(self.terminal.view)
        self.read_tokens()

    def on_screen_resume(self) -> None:
        """Draw what is known."""
        self.show(self.terminal.view)

    def reload(self) -> None:
        """Read the tokens now."""
        self.read_tokens()

    def show(self, view: View) -> None:
        """Draw the tokens."""
        super().show(view)
        now = iso(self.terminal.clock())
        listing = self.query_one("#capacity-tokens", Listing)
        listing.border_title = _("Join tokens: each lets one machine in").render(view.language)
        rows = {token.id: (token, _STATES[token.state(now)]) for token in reversed(self._tokens or ())}
        empty = _("There is no token yet; n makes one.") if self._tokens is not None else _("Reading …")
        listing.show(rows, _COLUMNS, empty, view.language)
        self.query_one(CommandLine).show(self.done_by or "appliance node token list")
        self.refresh_bindings()

    def _trouble(self) -> Notice | None:
        return None if self._fault is None else Notice.of(self._fault)

    @property
    def chosen(self) -> "JoinToken | None":
        """The chosen token."""
        key = self.query_one("#capacity-tokens", Listing).chosen
        return next((token for token in self._tokens or () if token.id == key), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a token that is good can be revoked."""
        if action == "new":
            return self.may(CLUSTER)
        if action == "revoke":
            chosen = self.chosen if self.is_mounted else None
            return chosen is not None and chosen.state(iso(self.terminal.clock())) == "active" and self.may(CLUSTER)
        return super().check_action(action, parameters)

    def on_option_list_option_highlighted(self) -> None:
        """The keys are those of the chosen token."""
        self.refresh_bindings()

    @work(exclusive=True, group="tokens")
    async def read_tokens(self) -> None:
        """Read them."""
        if self.source is None:
            return
        try:
            self.post_message(TokensRead(await self.source.tokens(self.terminal.language)))
        except ApplianceError as error:
            self.post_message(TokensRead(self._tokens, error))

    def on_tokens_read(self, event: TokensRead) -> None:
        """Show them."""
        self._tokens, self._fault = event.tokens, event.fault
        self.show(self.terminal.view)

    def on_acted(self, event: Acted) -> None:
        """Say what came of it, and read the tokens again."""
        super().on_acted(event)
        self.read_tokens()

    def read_inventory(self) -> None:  # type: ignore[override]
        """Nothing of it is shown here."""

    @work(exclusive=True, group="action")
    async def action_new(self) -> None:
        """Make one, and show what is typed on the other machine."""
        source, language = self.source, self.terminal.language
        values = await self.app.push_screen_wait(CapacityForm(_token_form()))
        if values is None or source is None:
            return
        made: list[NewToken] = []

        async def do(_tell: Tell) -> Message:
            made.append(await source.make_token(values["valid"], language))
            return _("A token was made: {id}.", id=made[0].record.id)

        await self.act(Task(keys.NEW_TOKEN.label, Message(""), _token_command(values), do, asks=False))
        if made:
            await self.app.push_screen_wait(TokenDialog(made[0]))

    @work(exclusive=True, group="action")
    async def action_revoke(self) -> None:
        """Revoke the chosen one."""
        source, token, language = self.source, self.chosen, self.terminal.language
        if source is None or token is None:
            return

        async def do(_tell: Tell) -> Message:
            await source.revoke_token(token.id, language)
            return _("The token {id} is revoked.", id=token.id)

        await self.act(
            Task(
                title=keys.REVOKE_TOKEN.label,
                question=_("Revoke the token {id}?", id=token.id),
                command=f"appliance node token revoke {token.id}",
                work=do,
                warning=_("No machine can join with it any more; those that have joined stay."),
            )
        )


def _token_form() -> Form:
    return Form(
        title=_("A token for one machine"),
        told=_("Whoever has the token can join a machine. Make it good for no longer than you need."),
        fields=(FormField("valid", _("How long it is good, for example 1h or 2d; up to 30d"), "1h"),),
        check=lambda values: None if values["valid"] else _("Write how long the token is to be good, such as 1h."),
        command=_token_command,
    )


def _token_command(values: Values) -> str:
    return f"appliance node token create --valid {one_line(values['valid'])}"


def _moment(text: str) -> str:
    return figures.day_and_time(datetime.fromisoformat(text))
