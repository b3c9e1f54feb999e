"""API keys: made with a form and shown once, replaced, revoked."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual import work
from textual.app import ComposeResult
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.operations.keys import parse_expiry
from appliance.tui import figures
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.governance_source import KeyMade, KeyOrder, KeySeen, TenantSeen
from appliance.tui.screens.governance_facts import GivenFacts
from appliance.tui.screens.governance_form import Filled, FormDialog
from appliance.tui.screens.governance_key_forms import (
    create_command,
    key_form,
    names_in,
    rotate_command,
    rotate_form,
)  # fmt: skip
from appliance.tui.screens.governance_part import PartScreen
from appliance.tui.screens.governance_secret import SecretScreen
from appliance.tui.screens.task import perform
from appliance.tui.view import View
from appliance.tui.widgets.listing import Column, Listing


@dataclass(frozen=True)
class KeyList:
    """The keys, and the tenants that new ones may belong to."""

    keys: tuple[KeySeen, ...]
    tenants: tuple[TenantSeen, ...]


_NAME = Column[KeySeen](_("Name"), 14, lambda k, _l: one_line(k.name), style=lambda _k: "bold", grows=True)
_TENANT = Column[KeySeen](_("Tenant"), 10, lambda k, _l: one_line(k.tenant), rank=1)
_ROLE = Column[KeySeen](_("Role"), 8, lambda k, _l: one_line(k.role), rank=1)
_STATE = Column[KeySeen](
    _("State"),
    10,
    lambda k, language: words.state(words.STATES[k.state], language),
    style=lambda k: words.STATES[k.state].style,
)
_LIMITS = Column[KeySeen](_("May use"), 20, lambda k, language: words.scopes(k.scopes, language), rank=2, grows=True)
_USED = Column[KeySeen](
    _("Last used"), 10, lambda k, language: k.last_used or _("never").render(language), style=lambda _k: MUTED, rank=1
)
_ENDS = Column[KeySeen](_("Ends"), 10, lambda k, language: words.day(k.expires_at, language), rank=1)
_MADE = Column[KeySeen](
    _("Made"), 10, lambda k, language: words.day(k.created_at, language), style=lambda _k: MUTED, rank=3
)
_COLUMNS = (_NAME, _TENANT, _ROLE, _STATE, _LIMITS, _USED, _ENDS, _MADE)


class KeysScreen(PartScreen[KeyList]):
    """What programs show to be let in. The secrets are nowhere: only whoever made a key has it."""

    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.NEW, keys.ROTATE, keys.REVOKE)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._draft: Mapping[str, str] = {}

    async def fetch(self) -> KeyList:
        """Read keys and tenants; keys that are good come first, then the newest."""
        found = await self.source.keys()
        tenants = await self.source.tenants() if self.may("tenants.manage") else ()
        ordered = sorted(found, key=lambda one: (one.state != "active", -one.created_at.timestamp()))
        return KeyList(tuple(ordered), tenants)

    def contents(self) -> ComposeResult:
        """Yield the list."""
        yield Listing[KeySeen](id="keys")

    def draw(self, view: View) -> None:
        """Draw the keys."""
        found = self.reading.value.keys if self.reading.value else ()
        listing = self.query_one(Listing)
        listing.border_title = _("API keys: what programs are let in with").render(view.language)
        short = words.keys_in_short(found, self.terminal.clock())
        listing.border_subtitle = short.render(view.language) if self.reading.value else ""
        listing.show({one.id: one for one in found}, _COLUMNS, self.nothing(_("There is no key.")), view.language)

    def command(self) -> str:
        """Return the command that lists them."""
        return "appliance key list"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a good key can be replaced, and one that has ended need not be revoked."""
        if action in ("rotate", "revoke"):
            chosen = self.chosen
            return chosen is not None and (
                chosen.state == "active" or (action == "revoke" and chosen.state == "stopped")
            )
        return super().check_action(action, parameters)

    @property
    def chosen(self) -> KeySeen | None:
        """The key that is chosen."""
        found = self.query(Listing)
        return self._key(found.first().chosen) if found else None

    def _key(self, key_id: str | None) -> KeySeen | None:
        found = self.reading.value.keys if self.reading.value else ()
        return next((one for one in found if one.id == key_id), None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show everything of a key."""
        key = self._key(event.option_id)
        if key is not None:
            command = f"appliance audit search --actor {key.id}"
            self.app.push_screen(GivenFacts(_("Key {name}", name=one_line(key.name)), command, _facts(key)))

    @work(exclusive=True, group="form")
    async def action_new(self) -> None:
        """Make a key, and show it once."""
        who, reading = self.reader, self.reading.value
        own = "" if who is None else who.tenant
        form = key_form(own, reading.tenants if reading else (), self._draft, self.terminal.clock())
        filled: Filled = await self.app.push_screen_wait(FormDialog(form))
        self._draft = filled.values
        if filled.go_on:
            await self._make(self._order(filled.values), filled.values)

    def _order(self, values: Mapping[str, str]) -> KeyOrder:
        expires = values["expires"]
        return KeyOrder(
            values["name"],
            values["tenant"],
            values["role"],
            models=names_in(values["models"]),
            scenarios=names_in(values["scenarios"]),
            knowledge_bases=names_in(values["knowledge_bases"]),
            networks=names_in(values["networks"]),
            expires_at=parse_expiry(expires, self.terminal.clock()) if expires else None,
            priority=values["priority"],
        )

    async def _make(self, order: KeyOrder, values: Mapping[str, str]) -> None:
        made: list[KeyMade] = []

        async def make(_tell: Tell) -> Message:
            made.append(await self.source.make_key(order, values["approval"]))
            return _("The key {name} is made; its id is {id}.", name=one_line(made[0].name), id=made[0].id)

        task = Task(
            _("Make a key"),
            _("Make the key {name} for {tenant}, role {role}?", name=order.name, tenant=order.tenant, role=order.role),
            create_command(values),
            make,
            warning=_("It is made with your own key and ends when that one is revoked or ends."),
        )
        if await self._done(task, made):
            self._draft = {}

    async def _done(self, task: Task, made: list[KeyMade]) -> bool:
        """Do a task that makes a key; show the key. Tell whether it was made."""
        notice = await perform(self.app, task)
        if notice is None:
            return False
        self.tell(notice)
        if made:
            await self.app.push_screen_wait(SecretScreen(made[0]))
        return bool(made)

    @work(exclusive=True, group="form")
    async def action_rotate(self) -> None:
        """Make a successor of the chosen key."""
        key = self.chosen
        if key is None:
            return
        filled: Filled = await self.app.push_screen_wait(FormDialog(rotate_form(key, self.terminal.clock())))
        if not filled.go_on:
            return
        now, made = self.terminal.clock(), list[KeyMade]()
        overlap = filled.values["overlap"]
        seconds = (parse_expiry(overlap, now) - now).total_seconds() if overlap else 0.0

        async def rotate(_tell: Tell) -> Message:
            made.append(await self.source.rotate_key(key.id, seconds, filled.values["approval"]))
            return _("The key {name} has a successor; its id is {id}.", name=one_line(key.name), id=made[0].id)

        task = Task(
            _("Replace a key"),
            _("Make a successor of the key {name} ({id})?", name=one_line(key.name), id=key.id),
            rotate_command(key.id, filled.values),
            rotate,
            warning=_("The old key ends after {overlap}: give the new one to the program until then.", overlap=overlap)
            if overlap
            else _("The old key ends at once."),
        )
        await self._done(task, made)

    def action_revoke(self) -> None:
        """Revoke the chosen key."""
        key = self.chosen
        if key is None:
            return

        async def revoke(_tell: Tell) -> Message:
            gone = await self.source.revoke_key(key.id)
            return _("The key {id} ({name}) is revoked.", id=gone.id, name=one_line(gone.name))

        self.act(
            Task(
                _("Revoke a key"),
                _("Revoke the key {name} of {tenant} for good?", name=one_line(key.name), tenant=key.tenant),
                f"appliance key revoke {key.id}",
                revoke,
                named=_("{id}, last used: {day}", id=key.id, day=key.last_used or figures.UNKNOWN),
                warning=_(
                    "Programs that use it, or a key that was made with it, are refused from the next request on."
                ),
            )
        )


def _facts(key: KeySeen) -> list[tuple[Message, str | Message]]:
    names = {"models": _("Models"), "scenarios": _("Scenarios"), "knowledge_bases": _("Knowledge bases")}
    every: str | Message = _("every one that its role may use")
    facts: list[tuple[Message, str | Message]] = [
        (_("Name"), one_line(key.name)),
        (_("Id"), key.id),
        (_("Tenant"), key.tenant),
        (_("Role"), _("{role}: {explained}", role=key.role, explained=words.ROLES.get(key.role, Message("")))),
        (_("State"), words.STATES[key.state].word),
    ]
    for kind, label in names.items():
        given = getattr(key.scopes, kind)
        facts.append((label, every if given is None else one_line(", ".join(given)) or _("none")))
    facts += [
        (_("From networks"), ", ".join(key.networks) or _("anywhere")),
        (_("Urgency"), _("behind what people wait for") if key.priority == "batch" else _("somebody waits for it")),
        (_("Made"), figures.exact_time(key.created_at)),
        (_("Made by"), key.parent or _("at the machine")),
        (_("Ends"), _("never") if key.expires_at is None else figures.exact_time(key.expires_at)),
        (_("Last used"), key.last_used or _("never")),
    ]
    optional = (
        (_("Of the person"), key.user_id), (_("Replaced by"), key.replaced_by), (_("Stopped by"), key.stopped_by)
    )  # fmt: skip
    return facts + [(label, value) for label, value in optional if value]
