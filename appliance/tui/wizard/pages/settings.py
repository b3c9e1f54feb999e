"""Pages with fields: where to join, the network, the first administrator."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from appliance.core.errors import ApplianceError, ConfigError
from appliance.core.messages import _
from appliance.operations.nodes.joining import head_place
from appliance.state.accounts.fields import user_name
from appliance.state.accounts.passwords import Passwords
from appliance.state.nodes import read_token
from appliance.tui.drawing import MUTED
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.fields import Choice, Field
from appliance.tui.wizard.page import FaultOfPage, Page

_LOCAL = "127.0.0.1"
_ANYWHERE = "0.0.0.0"  # noqa: S104 - a choice that is offered, and explained


class _FieldsPage(Page):
    """Enter in a field goes to the next one, in the last one on."""

    def value(self, name: str) -> str:
        """Return what is written in a field."""
        return self.query_one(f"#field-{name}", Field).value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next field, or on."""
        lines = list(self.query(Input))
        place = lines.index(event.input)
        if place + 1 < len(lines):
            lines[place + 1].focus()
        else:
            self.action_on()


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
            draft.head,
            language,
            hint=_("Such as 10.0.0.11 or 10.0.0.11:6390"),
        )
        yield Field("token", _("Token"), draft.token, language, secret=True)
        yield Field("name", _("Name of this machine (may stay empty)"), draft.node_name, language)

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
    """Who reaches the appliance, and at which port."""

    NAME = "network"
    HEADING = _("Network")
    EXPLAINED = _("Who may reach the endpoints? Between its own machines everything is encrypted in any case.")

    def body(self) -> ComposeResult:
        """Yield this machine alone, each of its addresses, all of them; and the port."""
        draft, language = self.draft, self.language
        options = [
            (_LOCAL, _("This machine only"), _("Programs elsewhere reach it through a proxy of yours with TLS."))
        ]
        options += [
            (one.address, _("{address} ({interface})", address=one.address, interface=one.interface),
             _("Whoever reaches this address; without TLS of a proxy before it, in plain text."))
            for one in self.setup.addresses
        ]  # fmt: skip
        options.append(
            (_ANYWHERE, _("Every address"), _("Whoever reaches any of this machine's addresses, in plain text."))
        )
        known = draft.host if draft.host in [key for key, _title, _explained in options] else _LOCAL
        yield Choice("host", options, known, language)
        yield Field("port", _("Port"), str(draft.port), language)
        grow = _("Address for further machines (leave 127.0.0.1 where there will be none)")
        yield Field("cluster", grow, draft.cluster_address, language)
        told = _("TLS for callers is the task of a proxy before the appliance: docs/security.md shows one.")
        yield Static(Content.styled(told.render(language), MUTED))

    def collect(self) -> Draft:
        """Take host, port and address, as the site file checks them."""
        port = self.value("port")
        if not port.isascii() or not port.isdigit():
            raise FaultOfPage(_("The port is a number from 1 to 65535."))
        draft = self.setup.with_answer(
            host=self.query_one(Choice).chosen, port=int(port), cluster_address=self.value("cluster") or _LOCAL
        )
        try:
            draft.config()
        except ConfigError as error:
            raise FaultOfPage(error.message, error.hint) from error
        return draft


class AdministratorPage(_FieldsPage):
    """Who signs in first."""

    NAME = "administrator"
    HEADING = _("Administrator")
    EXPLAINED = _("The first person who may do everything. A key for programs is made as well, and shown at the end.")

    def body(self) -> ComposeResult:
        """Yield the fields."""
        draft, language = self.draft, self.language
        yield Field(
            "name", _("Name to sign in with"), draft.administrator, language, hint=_("Small letters, digits, . _ -")
        )
        yield Field("title", _("Name as people read it (may stay empty)"), draft.title, language)
        yield Field("password", _("Password"), draft.password, language, secret=True)
        yield Field("again", _("Password again"), draft.password, language, secret=True)

    def collect(self) -> Draft:
        """Take the fields, by the rules for names and passwords."""
        name, password = self.value("name"), self.value("password")
        if password != self.value("again"):
            raise FaultOfPage(_("The two passwords differ."))
        try:
            Passwords().check(user_name(name), password)
        except ApplianceError as error:
            raise FaultOfPage(error.message, error.hint) from error
        return self.setup.with_answer(administrator=name, title=self.value("title"), password=password)
