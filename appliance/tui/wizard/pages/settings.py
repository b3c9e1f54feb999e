"""Pages with fields: where to join, the network, the first administrator."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from appliance.cluster.gateway_certificate import GatewayFiles, read_files
from appliance.core.errors import ApplianceError, ConfigError, InvalidRequest
from appliance.core.messages import Message, _
from appliance.operations.nodes.joining import head_place
from appliance.operations.setup.answers import Administrator
from appliance.state.accounts.fields import user_name
from appliance.state.accounts.passwords import Passwords
from appliance.state.nodes import read_token
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.models_doing import word
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.fields import Choice, Field
from appliance.tui.wizard.page import FaultOfPage, Page
from appliance.tui.written import whole_number, written_path

_LOCAL = "127.0.0.1"
_ANYWHERE = "0.0.0.0"  # noqa: S104 - a choice that is offered, and explained
TLS_WAYS: Final = {
    "own": _("A certificate of the appliance, whose authority callers then trust"),
    "files": _("A certificate of yours, in two files"),
    "none": _("None: plain HTTP, for this machine or a proxy before it"),
}


class _FieldsPage(Page):
    """Enter in a field goes to the next one, in the last one on."""

    def value(self, name: str) -> str:
        """Return what is written in a field."""
        return self.query_one(f"#field-{name}", Field).value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next field, or on."""
        self.go_on_from(event.input)

    def go_on_from(self, widget: Widget) -> None:
        """Go to what follows and is shown, or on."""
        shown = [one for one in self.query("Choice, Field Input").results(Widget) if _is_shown(one)]
        place = shown.index(widget)
        if place + 1 < len(shown):
            shown[place + 1].focus()
        else:
            self.action_on()


def _is_shown(widget: Widget) -> bool:
    return all(one.display for one in widget.ancestors_with_self if isinstance(one, Widget))


class JoinPage(_FieldsPage):
    """Where the appliance is, and the token."""

    NAME = "join"
    HEADING = _("Join")
    EXPLAINED = _("On the first machine `appliance node token create` prints its address and a token, good once.")

    def body(self) -> ComposeResult:
        """Yield the fields."""
        draft, language = self.draft, self.language
        yield Field(
            "head",
            _("Address of the first machine"),
            self.was("head", draft.head),
            language,
            hint=_("Such as 10.0.0.11 or 10.0.0.11:6390"),
        )
        yield Field("token", _("Token"), self.was("token", draft.token), language, secret=True)
        name = self.was("name", draft.node_name)
        yield Field("name", _("Name of this machine (may stay empty)"), name, language)

    def command(self) -> str:
        """Return the command that joins; a token is shown nowhere."""
        head, name = (self.value(key) if self.query(f"#field-{key}") else "" for key in ("head", "name"))
        named = f" --name {word(name)}" if name else ""
        return f"appliance node join {word(head) if head else 'HOST'} --token TOKEN{named}"

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Let the command follow."""
        self.show_command()

    def collect(self) -> Draft:
        """Take the fields, the token by its form."""
        head, token = self.value("head"), self.value("token")
        try:
            head_place(head)
            read_token(token)
        except ApplianceError as error:
            raise FaultOfPage(error.message, error.hint) from error
        return self.setup.with_answer(head=head, token=token, node_name=self.value("name"))


class NetworkPage(_FieldsPage):
    """Who reaches the appliance, at which port, and whether what they say is encrypted."""

    NAME = "network"
    HEADING = _("Network")
    EXPLAINED = _("Who may reach the endpoints? Its machines among themselves always encrypt.")

    def body(self) -> ComposeResult:
        """Yield this machine alone, each of its addresses, all of them; the ports; TLS for callers."""
        draft, language = self.draft, self.language
        options = [(_LOCAL, _("This machine only"), _("Programs elsewhere reach it through a proxy of yours."))]
        options += [
            (one.address, _("{address} ({interface})", address=one.address, interface=one.interface),
             _("Whoever reaches this address."))
            for one in self.setup.addresses
        ]  # fmt: skip
        options.append((_ANYWHERE, _("Every address"), _("Whoever reaches any of this machine's addresses.")))
        host = self.was("host", draft.host)
        known = host if host in [key for key, _title, _explained in options] else _LOCAL
        yield Choice("host", options, known, language)
        yield Field("port", _("Port"), self.was("port", str(draft.port)), language)
        grow = _("Address for further machines (leave 127.0.0.1 where there will be none)")
        yield Field("cluster", grow, self.was("cluster", draft.cluster_address), language)
        self._suggested = _suggested(known)
        way = self.was("tls", draft.tls or self._suggested)
        self._by_hand = way != self._suggested
        yield Static(Content.styled(_("TLS for callers").render(language), "bold"))
        yield Choice("tls", [(key, told, None) for key, told in TLS_WAYS.items()], way, language)
        yield from self._tls_fields()

    def _tls_fields(self) -> ComposeResult:
        draft, language = self.draft, self.language
        names = _("Names that callers use, such as ai.bank.example (may stay empty)")
        yield Field("names", names, self.was("names", ", ".join(draft.names)), language)
        file = _("File of the certificate, its issuers behind it (PEM)")
        yield Field("certificate", file, self.was("certificate", draft.certificate), language)
        yield Field("key", _("File of its private key (PEM)"), self.was("key", draft.key), language)

    def on_mount(self) -> None:
        """Show the fields of what is chosen."""
        super().on_mount()
        self._show_fields(self.was("tls", self.draft.tls or self._suggested))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Follow the address with what is usual for it, as long as nobody chose otherwise; show the fields needed."""
        tls = self.query_one("#choice-tls", Choice)
        if event.option_list is tls:
            self._by_hand |= tls.chosen != self._suggested
            self._show_fields(tls.chosen)
        else:
            self._suggested = _suggested(str(event.option.id))
            if not self._by_hand:
                tls.choose(self._suggested)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to what follows."""
        self.go_on_from(event.option_list)

    def _show_fields(self, way: str) -> None:
        for name, ways in (("names", ("own", "files")), ("certificate", ("files",)), ("key", ("files",))):
            self.query_one(f"#field-{name}", Field).display = way in ways

    def collect(self) -> Draft:
        """Take host, ports, address and TLS, as the site file checks them; files of a certificate are read."""
        port = whole_number(self.value("port"), 1, 65535)
        if port is None:
            raise FaultOfPage(_("The port is a number from 1 to 65535."))
        way = self.query_one("#choice-tls", Choice).chosen
        files = {name: _absolute(self.value(name)) for name in ("certificate", "key")} if way == "files" else {}
        if not all(files.values()):
            raise FaultOfPage(_("Name both files, or choose another kind of TLS."))
        names = self.value("names").replace(",", " ").split() if way != "none" else ()
        draft = self.setup.with_answer(
            host=self.query_one("#choice-host", Choice).chosen, port=port, tls=way, names=tuple(names),
            cluster_address=self.value("cluster") or _LOCAL, **files,
        )  # fmt: skip
        try:
            site = draft.config()
            if site.gateway.tls is not None and files:
                read_files(GatewayFiles(Path(draft.certificate), Path(draft.key), site.gateway.tls.names))
        except ConfigError as error:
            raise FaultOfPage(error.message, error.hint) from error
        return draft


def _suggested(host: str) -> str:
    return "none" if host == _LOCAL else "own"


def _absolute(text: str) -> str:
    try:
        return str(written_path(text)) if text else ""
    except InvalidRequest as error:
        raise FaultOfPage(error.message, error.hint) from error


class AdministratorPage(_FieldsPage):
    """Who signs in first."""

    NAME = "administrator"
    HEADING = _("Administrator")
    EXPLAINED = _(
        "The first person who may do everything. A key for programs is made as well; the last page names its file."
    )

    def explained(self) -> Message:
        """Return what is asked for: of a first start that was broken off the password alone."""
        if self._left() is None:
            return self.EXPLAINED
        return _("The first start goes on where it stopped. Passwords are kept nowhere, so it is asked for again.")

    def body(self) -> ComposeResult:
        """Yield the fields; a name that was given before cannot be changed any more."""
        draft, language, left = self.draft, self.language, self._left()
        if left is None:
            name, title = self.was("name", draft.administrator), self.was("title", draft.title)
            yield Field("name", _("Name to sign in with"), name, language, hint=_("Small letters, digits, . _ -"))
            yield Field("title", _("Name as people read it (may stay empty)"), title, language)
        else:
            label = _("Name to sign in with").render(language)
            yield Static(Content.assemble((f"{label}: ", MUTED), (one_line(left.name), "bold")), id="name-given")
        password = draft.password.get_secret_value()
        yield Field("password", _("Password"), self.was("password", password), language, secret=True)
        yield Field("again", _("Password again"), self.was("again", password), language, secret=True)

    def _left(self) -> Administrator | None:
        left = self.setup.left
        return None if left is None else left.answers.administrator

    def collect(self) -> Draft:
        """Take the fields, by the rules for names and passwords."""
        left = self._left()
        name, title = (self.value("name"), self.value("title")) if left is None else (left.name, left.title)
        password = SecretStr(self.value("password"))
        if password != SecretStr(self.value("again")):
            raise FaultOfPage(_("The two passwords differ."))
        try:
            Passwords().check(user_name(name), password.get_secret_value())
        except ApplianceError as error:
            raise FaultOfPage(error.message, error.hint) from error
        return self.setup.with_answer(administrator=name, title=title, password=password)
