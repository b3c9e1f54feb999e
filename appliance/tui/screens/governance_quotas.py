"""Quotas: limits of keys, tenants and models, and what is used of them today and this month."""

import shlex
from collections.abc import Mapping
from typing import cast

from textual import work
from textual.app import ComposeResult
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.state.quotas import Scope
from appliance.tui import figures
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import WARNING_SHARE, bar, level_style, one_line
from appliance.tui.governance_local import Quota
from appliance.tui.screens.governance_facts import GivenFacts
from appliance.tui.screens.governance_form import Filled, FormDialog
from appliance.tui.screens.governance_part import PartScreen
from appliance.tui.screens.governance_quota_forms import EVERY, QuotaRow, limits_in, quota_command, quota_form
from appliance.tui.view import View
from appliance.tui.widgets.listing import Column, Listing

_BAR_CELLS = 5


def _named(row: QuotaRow, language: str) -> str:
    if row.name == EVERY:
        return _("other keys").render(language)
    return one_line(row.title or row.name)


def _used(kind: str, row: QuotaRow, language: str) -> str:
    limit, used = row.limits.get(kind), row.used.get(kind, 0)
    if row.name == EVERY:
        return (
            _("at most {limit}", limit=words.tokens(limit)).render(language) if limit is not None else figures.UNKNOWN
        )
    if limit is None:
        return f"{words.tokens(used)}" if used else figures.UNKNOWN
    share = row.share(kind)
    return f"{bar(share, _BAR_CELLS).plain} {figures.percent(share):>5} {words.tokens(used)}/{words.tokens(limit)}"


def _limit(kind: str, row: QuotaRow) -> str:
    limit = row.limits.get(kind)
    return figures.UNKNOWN if limit is None else words.tokens(limit)


def _style(row: QuotaRow) -> str:
    shares = [share for kind in ("tokens_per_day", "tokens_per_month") if (share := row.share(kind)) is not None]
    return level_style(max(shares)) if shares and max(shares) >= WARNING_SHARE else ""


_COLUMNS = (
    Column[QuotaRow](_("Of"), 6, lambda r, language: words.SCOPES[r.scope].render(language), rank=1),
    Column[QuotaRow](_("Name"), 14, _named, style=lambda _r: "bold", grows=True),
    Column[QuotaRow](
        _("Tokens today (UTC)"), 23, lambda r, language: _used("tokens_per_day", r, language), style=_style
    ),
    Column[QuotaRow](
        _("This month"), 23, lambda r, language: _used("tokens_per_month", r, language), style=_style, rank=1
    ),
    Column[QuotaRow](_("Req./min"), 8, lambda r, _l: _limit("requests_per_minute", r), align="right", rank=2),
    Column[QuotaRow](_("Tok./min"), 8, lambda r, _l: _limit("tokens_per_minute", r), align="right", rank=2),
    Column[QuotaRow](_("At once"), 8, lambda r, _l: _limit("concurrent_requests", r), align="right", rank=2),
    Column[QuotaRow](
        _("Set in"), 10, lambda r, language: (_("here") if r.given else _("site file")).render(language), rank=3
    ),
)


class QuotasScreen(PartScreen[tuple[QuotaRow, ...]]):
    """Read on the appliance's machine; set there too, in the name of the system's user."""

    BINDINGS = [command.binding() for command in (keys.SET, keys.REMOVE)]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._draft: Mapping[str, str] = {}

    async def fetch(self) -> tuple[QuotaRow, ...]:
        """Read the quotas; those of a tenant's reader are its own."""
        found = await self.records.quotas()
        titles = await self.names()
        return tuple(_row(one, titles) for one in found if self.tenant is None or self._own(one, titles))

    def _own(self, quota: Quota, titles: Mapping[str, str]) -> bool:
        return quota["name"] in (self.tenant, *titles)

    def contents(self) -> ComposeResult:
        """Yield the list."""
        yield Listing[QuotaRow](id="quotas")

    def draw(self, view: View) -> None:
        """Draw the quotas."""
        rows = self.reading.value or ()
        listing = self.query_one(Listing)
        listing.border_title = _("Quotas: how much may be used").render(view.language)
        full = sum((row.share(kind) or 0) >= 1 for row in rows for kind in ("tokens_per_day", "tokens_per_month"))
        listing.border_subtitle = _("{count} used up", count=full).render(view.language) if full else ""
        listing.set_class(bool(full), "-alarm")
        listing.show(
            {f"{r.scope}-{at}": r for at, r in enumerate(rows)},
            _COLUMNS,
            self.nothing(_("There is no quota.")),
            view.language,
        )

    def command(self) -> str:
        """Return the command that lists them."""
        return "appliance quota list"

    @property
    def chosen(self) -> QuotaRow | None:
        """The quota that is chosen."""
        found = self.query(Listing)
        return self._row(found.first().chosen) if found else None

    def _row(self, key: str | None) -> QuotaRow | None:
        rows = {f"{row.scope}-{at}": row for at, row in enumerate(self.reading.value or ())}
        return rows.get(key or "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only who may change policies sets limits; only what was set here can be taken back here."""
        if action == "set_limits":
            return self._may_set
        if action == "remove":
            return self._may_set and self.chosen is not None and bool(self.chosen.given)
        return super().check_action(action, parameters)

    @property
    def _may_set(self) -> bool:
        return self.may("policy.write") and self.source.records is not None and self.tenant is None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show every limit of the chosen one."""
        row = self._row(event.option_id)
        if row is None:
            return
        facts: list[tuple[Message, str | Message]] = [
            (_("Of"), words.SCOPES[row.scope]),
            (_("Name"), _("other keys") if row.name == EVERY else one_line(row.name)),
        ]
        if row.title:
            facts.append((_("Title"), one_line(row.title)))
        for kind, label in words.LIMITS.items():
            limit = row.limits.get(kind)
            where = _("set here") if kind in row.given else _("from the site file")
            if limit is None:
                facts.append((label, _("no limit, {where}", where=where) if kind in row.given else _("no limit")))
            elif row.share(kind) is not None and kind.endswith(("_day", "_month")):
                facts.append(
                    (
                        label,
                        _("{used} of {limit}, {where}", used=f"{row.used[kind]:,}", limit=f"{limit:,}", where=where),
                    )
                )
            else:
                facts.append((label, _("at most {limit}, {where}", limit=f"{limit:,}", where=where)))
        self.app.push_screen(GivenFacts(_("Quota"), "appliance quota list --json", facts))

    @work(exclusive=True, group="form")
    async def action_set_limits(self) -> None:
        """Set limits of the chosen one, or of what is written."""
        row = self.chosen
        subject = row if row is not None and row.name != EVERY else None
        filled: Filled = await self.app.push_screen_wait(FormDialog(quota_form(subject, self._draft)))
        self._draft = filled.values
        if filled.go_on:
            self.act(self._setting(filled.values))

    def _setting(self, values: Mapping[str, str]) -> Task:
        scope, name = cast("Scope", values["scope"]), values["name"]

        async def put(_tell: Tell) -> Message:
            await self.records.set_quota(scope, name, limits_in(values), values["approval"])
            self._draft = {}
            return _(
                "The quota of the {of} {name} is set; it counts within seconds.", of=words.SCOPES[scope], name=name
            )

        return Task(
            _("Set limits"),
            _("Set these limits of the {of} {name}?", of=words.SCOPES[scope], name=name),
            quota_command(values),
            put,
            named=_("Recorded as {operator}.", operator=self.records.operator),
        )

    def action_remove(self) -> None:
        """Let the site file count again."""
        row = self.chosen
        if row is None or not row.given:
            return

        async def remove(_tell: Tell) -> Message:
            await self.records.remove_quota(row.scope, row.name, "")
            return _(
                "The quota of the {of} {name} is that of the site file now.", of=words.SCOPES[row.scope], name=row.name
            )

        self.act(
            Task(
                _("Remove a quota"),
                _(
                    "Take back what was set here for the {of} {name}?",
                    of=words.SCOPES[row.scope],
                    name=one_line(row.title or row.name),
                ),
                f"appliance quota remove {row.scope} {shlex.quote(row.name)}",
                remove,
                named=_("Recorded as {operator}.", operator=self.records.operator),
                warning=_("What the site file says counts again; where it says nothing, there is no limit."),
            )
        )


def _row(quota: Quota, titles: Mapping[str, str]) -> QuotaRow:
    return QuotaRow(
        quota["scope"],
        quota["name"],
        quota["limits"],
        tuple(quota["set"]),
        quota["used"],
        titles.get(quota["name"], ""),
    )
