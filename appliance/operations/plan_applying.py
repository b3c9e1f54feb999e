"""`appliance plan --apply`: what a plan has decided of the site's chat models, written into the site file."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from appliance.catalogue.plan import DeviceUse, Placement, Plan, where_text
from appliance.config.home import Home
from appliance.config.site import ModelSettings, SiteConfig
from appliance.config.site_text import Scalar, SettingPath, with_settings
from appliance.core.errors import Conflict, InvalidRequest
from appliance.core.files import durable_write
from appliance.core.messages import Message, _
from appliance.core.units import GIB
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.operations.applied import ask_for_settings
from appliance.operations.nodes.listing import check_head
from appliance.operations.planning import PlanRequest
from appliance.operations.tuned_models import tuned_aliases

PLANNED_OF_ENGINE: Final = frozenset(
    {
        "tensor_parallel_size", "pipeline_parallel_size", "max_num_seqs", "max_model_len", "gpu_memory_utilization",
        "kv_cache_gib",
    }
)  # fmt: skip
"""Settings of a model's engine that a plan decides, beside `replicas`."""


@dataclass(frozen=True)
class SettingChange:
    """One setting of a chat model; `setting` is its dotted name below the alias."""

    alias: str
    setting: str
    before: Scalar | None
    after: Scalar

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


@dataclass(frozen=True)
class SiteChange:
    """A site file as it would be."""

    settings: tuple[SettingChange, ...]
    """What differs; none: the file says already what the plan says."""
    notes: tuple[Message, ...]
    """What the plan has not decided."""
    text_before: str | None
    """None: there was no file."""
    text: str
    site: SiteConfig


def check_can_apply(home: Home, request: PlanRequest) -> None:
    """Raise `InvalidRequest` for plans of other machines or models, `ConfigError` on a worker."""
    check_head(home)
    given = {
        "--model": request.models, "--machine": request.machines, "--nodes": request.nodes is not None,
        "--more-nodes": request.more_nodes, "--with-model": request.more_models,
    }  # fmt: skip
    what_if = [option for option, there in given.items() if there]
    if what_if:
        raise InvalidRequest(
            _("A plan with {options} is not of this appliance, so it is not applied.", options=", ".join(what_if)),
            _("Leave out --apply, or plan the models of the site file on the appliance's own nodes."),
        )


def change_to(home: Home, site: SiteConfig, plan: Plan) -> SiteChange:
    """Return what the site file would be with what `plan` has decided; nothing is written.

    Raises `Conflict` for a plan that does not serve everything or that engines of this release cannot follow, and
    `ConfigError` for a file that cannot be changed safely.
    """
    check_applicable(plan)
    found: list[SettingChange] = []
    notes: list[Message] = []
    riding = {alias: host for alias, host in tuned_aliases(home, site).items() if plan.placement(alias) is None}
    for alias, settings in site.models.items():
        placed = plan.placement(riding.get(alias, alias))
        if placed is None:
            continue
        decided = [*_engine(settings, placed, plan), *(() if alias in riding else _replicas(settings, placed))]
        found += [SettingChange(alias, *one) for one in decided if one[1] != one[2]]
        notes += _undecided(alias, settings)
    return change_of(home, site, found, notes)


def change_of(
    home: Home, site: SiteConfig, found: Sequence[SettingChange], notes: Sequence[Message] = ()
) -> SiteChange:
    """Return what the site file would be with settings of models changed. Raises `ConfigError` as `change_to`."""
    before = _text_of(home)
    text, after = _put_in(home, site, before or "", found)
    return SiteChange(tuple(found), tuple(notes), before, text, after)


def apply_change(home: Home, site: SiteConfig, change: SiteChange, action: str = "plan.apply") -> None:
    """Write the site file; the change counts from the next start, and is written into the audit where there is one.

    Raises `ApprovalNeeded` where a second person must agree first, having asked for it; `Conflict` where the file has
    changed meanwhile; `DiskFull`, `ConfigError`.
    """
    if not change.settings:
        return
    ask_for_settings(home, site, change.site)
    if _text_of(home) != change.text_before:
        raise Conflict(_("{file} has changed meanwhile; nothing was written.", file=home.site_file),
                       _("Plan again."), code="site_file_changed")  # fmt: skip
    _write(home, change.text)
    if not nothing_there(home, site):
        with open_accounts(home, site) as accounts:
            names = " ".join(f"{one.alias}.{one.setting}={one.after}" for one in change.settings)
            accounts.note(f"{action} {names}"[:500], "site.yaml", None)


def check_applicable(plan: Plan) -> None:
    """Raise `Conflict` for a plan that does not serve everything or that engines of this release cannot follow."""
    _check_whole(plan)
    _check_cards_apart(plan)


def _check_whole(plan: Plan) -> None:
    lacking = [refusal.alias for refusal in plan.refusals]
    short = [placed.alias for placed in plan.placements if placed.shortfall is not None]
    if lacking:
        raise Conflict(
            _("The plan is not applied: {aliases}: does not fit.", aliases=", ".join(lacking)),
            _("Take a change that the plan names, then plan again."),
            code="plan_incomplete",
        )
    if short:
        raise Conflict(
            _("The plan is not applied: {aliases}: the service level is not reached.", aliases=", ".join(short)),
            _("Take a change that the plan names, or ask for less, such as --ttft-ms 6000; then plan again."),
            code="plan_incomplete",
        )


def _check_cards_apart(plan: Plan) -> None:
    """Raise where chat models share a card: the planner can, but an engine here takes whole cards."""
    engines: dict[tuple[str, int | None], dict[str, DeviceUse]] = {}
    for placed in plan.placements:
        if placed.entry.kind == "chat" and placed.memory_share is not None:
            for use in (use for replica in placed.replicas for use in replica):
                engines.setdefault((use.node, use.index), {})[placed.alias] = use
    shared = [on_card for on_card in engines.values() if len(on_card) > 1]
    if shared:
        raise Conflict(
            _("The plan is not applied: {aliases} would share {where}, and an engine takes whole cards.",
              aliases=", ".join(dict.fromkeys(alias for on_card in shared for alias in on_card)),
              where=where_text([[next(iter(on_card.values())) for on_card in shared]])),
            _("Serve fewer models, or add cards."),
            code="plan_shares_cards",
        )  # fmt: skip


def _engine(settings: ModelSettings, placed: Placement, plan: Plan) -> Iterator[tuple[str, Scalar | None, Scalar]]:
    """Yield settings of the engine: name, before, after."""
    now = settings.engine
    yield "engine.tensor_parallel_size", now.tensor_parallel_size, placed.split.tensor
    yield "engine.pipeline_parallel_size", now.pipeline_parallel_size, placed.split.pipeline
    users = -(-(plan.level.users or 1) // len(placed.replicas))
    yield "engine.max_num_seqs", now.max_num_seqs, max(now.max_num_seqs, min(users, placed.sequences))
    if placed.context != (now.max_model_len or placed.entry.context):
        yield "engine.max_model_len", now.max_model_len, placed.context
    if placed.memory_share is not None:
        yield "engine.gpu_memory_utilization", now.gpu_memory_utilization, placed.memory_share
    else:
        yield "engine.kv_cache_gib", now.kv_cache_gib, max(use.cache for use in placed.replicas[0]) // GIB


def _replicas(settings: ModelSettings, placed: Placement) -> Iterator[tuple[str, Scalar | None, Scalar]]:
    if settings.scaling is not None:
        return
    count = len(placed.replicas)
    if placed.memory_share is None:  # on processors a node has one engine of a model
        count = len({use.node for replica in placed.replicas for use in replica})
    yield "replicas", settings.replicas, count


def _undecided(alias: str, settings: ModelSettings) -> Iterator[Message]:
    if settings.scaling is not None:
        yield _("{alias}: the number of its replicas follows the load (scaling) and stays as it is.", alias=alias)
    if settings.placement.labels:
        yield _("{alias}: the plan has not looked at the labels that its machines must carry.", alias=alias)


def _put_in(home: Home, site: SiteConfig, before: str, found: Sequence[SettingChange]) -> tuple[str, SiteConfig]:
    """Return the file with the changes; a file that names no models gets those that were served without it."""
    wanted: dict[SettingPath, Scalar] = {}
    if "models" not in site.model_fields_set and found:
        wanted = {("models", alias, "package"): settings.package for alias, settings in site.models.items()}
    wanted |= {("models", one.alias, *one.setting.split(".")): one.after for one in found}
    return with_settings(before, wanted, str(home.site_file))


def _text_of(home: Home) -> str | None:
    try:
        return home.site_file.read_bytes().decode()
    except FileNotFoundError:
        return None


def _write(home: Home, text: str) -> None:
    """Write the file where it really is, with the owner and mode that it, or else the home folder, had."""
    path = home.site_file.resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    home.create()
    owner = (path if path.exists() else home.root).stat()
    with durable_write(path, mode) as file:
        if os.geteuid() == 0:  # else the appliance's own user could not read it any more
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text.encode())
