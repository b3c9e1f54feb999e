"""Tenants as a tree, with how many keys and people each has."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from textual import work
from textual.app import ComposeResult
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.tui import figures
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.governance_source import TenantSeen
from appliance.tui.screens.governance_facts import GivenFacts
from appliance.tui.screens.governance_form import Filled, Form, FormDialog, FormField
from appliance.tui.screens.governance_part import PartScreen
from appliance.tui.view import View
from appliance.tui.widgets.listing import Column, Listing


@dataclass(frozen=True)
class TenantRow:
    """A tenant; counts are None where the reader may not see keys or people."""

    tenant: TenantSeen
    keys: int | None
    people: int | None


def _tree(row: TenantRow, _language: str) -> str:
    depth = row.tenant.depth
    return ("  " * (depth - 1) + "└ " if depth else "") + one_line(row.tenant.name)


def _number(value: int | None) -> str:
    return figures.UNKNOWN if value is None else str(value)


_COLUMNS = (
    Column[TenantRow](_("Tenant"), 20, _tree, style=lambda _r: "bold", grows=True),
    Column[TenantRow](_("Title"), 20, lambda r, _l: one_line(r.tenant.title), rank=1, grows=True),
    Column[TenantRow](_("Good keys"), 9, lambda r, _l: _number(r.keys), align="right"),
    Column[TenantRow](_("People"), 6, lambda r, _l: _number(r.people), align="right", rank=1),
    Column[TenantRow](
        _("Since"), 10, lambda r, language: words.day(r.tenant.created_at, language), style=lambda _r: MUTED, rank=2
    ),
)


class TenantsScreen(PartScreen[tuple[TenantRow, ...]]):
    """The head office, branches and departments."""

    BINDINGS = [keys.NEW.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._draft: Mapping[str, str] = {}

    async def fetch(self) -> tuple[TenantRow, ...]:
        """Read tenants, and what they have."""
        may = self.may
        tenants = await self.source.tenants()
        good = [one.tenant for one in await self.source.keys() if one.state == "active"] if may("keys.manage") else None
        people = [one.tenant for one in await self.source.users()] if may("users.manage") else None
        return tuple(
            TenantRow(
                one,
                None if good is None else good.count(one.name),
                None if people is None else people.count(one.name),
            )
            for one in tenants
        )

    def contents(self) -> ComposeResult:
        """Yield the tree."""
        yield Listing[TenantRow](id="tenants")

    def draw(self, view: View) -> None:
        """Draw the tree."""
        rows = self.reading.value or ()
        listing = self.query_one(Listing)
        listing.border_title = _("Tenants: head office, branches, departments").render(view.language)
        listing.border_subtitle = str(len(rows)) if rows else ""
        listing.show(
            {row.tenant.name: row for row in rows}, _COLUMNS, self.nothing(_("There is no tenant.")), view.language
        )

    def command(self) -> str:
        """Return the command that lists them."""
        return "appliance tenant list"

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show the chosen one."""
        row = self._row(event.option_id)
        if row is None:
            return
        tenant = row.tenant
        facts: list[tuple[Message, str | Message]] = [
            (_("Name"), tenant.name),
            (_("Title"), one_line(tenant.title)),
            (_("Stands below"), " › ".join(tenant.path.split("/")[:-2]) or figures.UNKNOWN),
            (_("Good keys"), _number(row.keys)),
            (_("People"), _number(row.people)),
            (_("Since"), figures.exact_time(tenant.created_at)),
        ]
        self.app.push_screen(
            GivenFacts(_("Tenant {name}", name=tenant.name), f"appliance usage --tenant {tenant.name}", facts)
        )

    def _row(self, name: str | None) -> TenantRow | None:
        return next((row for row in self.reading.value or () if row.tenant.name == name), None)

    @work(exclusive=True, group="form")
    async def action_new(self) -> None:
        """Add a tenant below the chosen one."""
        row = self._row(self.query_one(Listing).chosen)
        if row is None:
            return
        names = [(one.tenant.name, Message(one.tenant.title)) for one in self.reading.value or ()]
        form = Form(
            _("Add a tenant"),
            (
                FormField(
                    "name",
                    _("Name"),
                    _("Up to 64 of a–z, 0–9, - and _; it stays for good."),
                    self._draft.get("name", ""),
                ),
                FormField(
                    "title",
                    _("Title"),
                    _("What people read, in any language; else the name."),
                    self._draft.get("title", ""),
                ),
                FormField(
                    "parent", _("Below"), _("The tenant above it; ← and → take another."), row.tenant.name, names
                ),
            ),
            _command,
        )
        filled: Filled = await self.app.push_screen_wait(FormDialog(form))
        self._draft = filled.values
        if filled.go_on:
            self.act(self._adding(filled.values))

    def _adding(self, values: Mapping[str, str]) -> Task:
        async def add(_tell: Tell) -> Message:
            made = await self.source.add_tenant(values["name"], values["title"], values["parent"])
            self._draft = {}
            return _("The tenant {tenant} is added below {parent}.", tenant=made.name, parent=made.parent)

        return Task(
            _("Add a tenant"),
            _("Add the tenant {tenant} below {parent}?", tenant=values["name"], parent=values["parent"]),
            _command(values),
            add,
            warning=_("A tenant stays: it cannot be removed or moved."),
        )


def _command(values: Mapping[str, str]) -> str:
    title = f" --title {shlex.quote(values['title'])}" if values["title"] else ""
    return f"appliance tenant add {shlex.quote(values['name'] or 'NAME')}{title} --under {values['parent']}"
