"""People who sign in: kept out, let in again, unlocked."""

from datetime import datetime

from textual.app import ComposeResult
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.tui import figures
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.governance_source import Switch, UserSeen
from appliance.tui.screens.governance_facts import GivenFacts
from appliance.tui.screens.governance_part import PartScreen
from appliance.tui.view import View
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.words import StateMark

_ORIGINS: dict[str, Message] = {"local": _("appliance"), "ldap": _("directory"), "oidc": _("single sign-on")}


def _origin(user: UserSeen, language: str) -> str:
    found = _ORIGINS.get(user.origin)
    return one_line(user.origin) if found is None else found.render(language)


_NAMED = (
    Column[UserSeen](_("Name"), 14, lambda u, _l: one_line(u.name), style=lambda _u: "bold", grows=True),
    Column[UserSeen](_("Title"), 14, lambda u, _l: one_line(u.display_name), rank=1, grows=True),
    Column[UserSeen](_("Tenant"), 12, lambda u, _l: one_line(u.tenant), rank=1),
    Column[UserSeen](_("Role"), 8, lambda u, _l: one_line(u.role), rank=1),
)
_KEPT = (
    Column[UserSeen](_("Password with"), 14, _origin, style=lambda _u: MUTED, rank=2),
    Column[UserSeen](
        _("Since"), 10, lambda u, language: words.day(u.created_at, language), style=lambda _u: MUTED, rank=3
    ),
)


def _mark(user: UserSeen, now: datetime) -> StateMark:
    return words.STATES["locked" if user.state == "active" and user.locked(now) else user.state]


def _columns(now: datetime) -> tuple[Column[UserSeen], ...]:
    state = Column[UserSeen](
        _("State"), 10, lambda u, language: words.state(_mark(u, now), language), style=lambda u: _mark(u, now).style
    )
    return (*_NAMED, state, *_KEPT)


class UsersScreen(PartScreen[tuple[UserSeen, ...]]):
    """Everybody of the reader's tenant and those below."""

    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.DISABLE, keys.ENABLE, keys.UNLOCK)
    ]

    async def fetch(self) -> tuple[UserSeen, ...]:
        """Read everybody."""
        return await self.source.users()

    def contents(self) -> ComposeResult:
        """Yield the list."""
        yield Listing[UserSeen](id="users")

    def draw(self, view: View) -> None:
        """Draw everybody."""
        found = self.reading.value or ()
        listing = self.query_one(Listing)
        listing.border_title = _("People who sign in").render(view.language)
        listing.border_subtitle = words.users_in_short(found).render(view.language) if found else ""
        empty = self.nothing(_("Nobody signs in here; `appliance user add NAME` adds somebody."))
        listing.show({one.id: one for one in found}, _columns(self.terminal.clock()), empty, view.language)

    def command(self) -> str:
        """Return the command that lists them."""
        return "appliance user list"

    @property
    def chosen(self) -> UserSeen | None:
        """The person who is chosen."""
        found = self.query(Listing)
        return self._user(found.first().chosen) if found else None

    def _user(self, user_id: str | None) -> UserSeen | None:
        return next((one for one in self.reading.value or () if one.id == user_id), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Who is in can be kept out, who is out can be let in, who is in a pause can be let out of it."""
        if action == "switch":
            user = self.chosen
            if user is None:
                return False
            if parameters[0] == "unlock":
                return user.locked(self.terminal.clock())
            return user.state == {"disable": "active", "enable": "disabled"}[str(parameters[0])]
        return super().check_action(action, parameters)

    def action_switch(self, to: Switch) -> None:
        """Keep the chosen person out, let them in, or end their pause."""
        user = self.chosen
        if user is None:
            return
        name = one_line(user.name)

        async def switch(_tell: Tell) -> Message:
            changed = await self.source.switch_user(user.id, to)
            return _said(to, one_line(changed.name))

        questions = {
            "disable": _("Keep {name} out?", name=name),
            "enable": _("Let {name} in again?", name=name),
            "unlock": _("End the pause of {name} after failed attempts to sign in?", name=name),
        }
        lost = _("Their sessions end, and their keys and those that they made stop.") if to == "disable" else None
        titles = {"disable": keys.DISABLE.label, "enable": keys.ENABLE.label, "unlock": keys.UNLOCK.label}
        named = _(
            "{title}, {tenant}, role {role}", title=one_line(user.display_name), tenant=user.tenant, role=user.role
        )
        self.act(Task(titles[to], questions[to], f"appliance user {to} {name}", switch, named=named, warning=lost))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show everything of a person."""
        user = self._user(event.option_id)
        if user is None:
            return
        changed, out = user.password_changed_at, user.disabled_at
        facts: list[tuple[Message, str | Message]] = [
            (_("Name"), one_line(user.name)),
            (_("Title"), one_line(user.display_name)),
            (_("Id"), user.id),
            (_("Tenant"), user.tenant),
            (_("Role"), _("{role}: {explained}", role=user.role, explained=words.ROLES.get(user.role, Message("")))),
            (_("State"), _mark(user, self.terminal.clock()).word),
            (_("Password with"), _ORIGINS.get(user.origin, Message(one_line(user.origin)))),
            (_("Since"), figures.exact_time(user.created_at)),
            (_("Password of"), figures.UNKNOWN if changed is None else figures.exact_time(changed)),
        ]
        if user.locked_until is not None and user.locked(self.terminal.clock()):
            facts.append((_("Paused until, after failed attempts"), figures.exact_time(user.locked_until)))
        if out is not None:
            facts.append((_("Kept out since"), figures.exact_time(out)))
        command = f"appliance audit search --actor {user.id}"
        self.app.push_screen(GivenFacts(_("Person {name}", name=one_line(user.name)), command, facts))


def _said(to: Switch, name: str) -> Message:
    return {
        "disable": _("The user {name} is kept out.", name=name),
        "enable": _("The user {name} may sign in again.", name=name),
        "unlock": _("The pause of {name} has ended.", name=name),
    }[to]
