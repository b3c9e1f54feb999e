"""`appliance plan`: what the site file, or a wish, takes and gives on this machine or on recorded ones."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from appliance.catalogue.calibration import read_calibration
from appliance.catalogue.devices import Node
from appliance.catalogue.from_config import DTYPES, entry_from_config
from appliance.catalogue.loading import Catalogue, find_model, load_catalogue
from appliance.catalogue.model import ModelEntry, Precision
from appliance.catalogue.plan import Plan
from appliance.catalogue.planner import make_plan
from appliance.catalogue.wish import MOST_SEQUENCES, ModelWish, ServiceLevel, Wish
from appliance.config.home import Home
from appliance.config.section import Section
from appliance.config.site import ModelSettings, SiteConfig
from appliance.core.errors import InvalidRequest, NotFound, PackageError
from appliance.core.messages import Message, _
from appliance.core.units import GIB
from appliance.core.validation import invalid_request
from appliance.hardware.discovery import discover
from appliance.hardware.facts import MachineFacts
from appliance.operations.nodes.facts import nodes_to_plan_on
from appliance.operations.tuned_models import plan_with_tuned, tuned_aliases
from appliance.packages.card import read_card
from appliance.packages.places import model_folder

EMBEDDER = "embedder"
_Section = TypeVar("_Section", bound=Section)
MOST_NODES = 64
_MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class PlanRequest:
    """What a front end asks; None and empty mean: as the site file or the defaults say."""

    models: tuple[str, ...] = ()
    """`ALIAS=NAME` or `ALIAS=NAME:PRECISION` each; instead of the chat models of the site file."""
    machines: tuple[Path, ...] = ()
    """Recorded machines; none: the appliance's own, which is this machine where there are no workers."""
    nodes: int | None = None
    """Plan with so many machines like the one that is given, or like this one."""
    more_nodes: int | None = None
    """So many machines beside those that are planned on."""
    like: str | None = None
    """The machine that `more_nodes` are like, by its name in the plan; None: the last one."""
    more_models: tuple[str, ...] = ()
    """As `models`, beside those."""
    users: int | None = None
    ttft_ms: float | None = None
    tokens_per_s: float | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    context: int | None = None
    coming: tuple[ModelEntry, ...] = ()
    """Models of packages that are not installed yet; what the catalogue knows by that name counts before them."""
    choose: bool = False
    """Let the planner choose cards, and replicas and sequences for `users`, where the site file has a say otherwise."""


def plan_site(home: Home, site: SiteConfig, request: PlanRequest) -> Plan:
    """Return the plan.

    Raises `InvalidRequest` for values and machine files that cannot be used, `NotFound` for unknown models,
    `PackageError` and `ConfigError` for packages and a calibration that cannot be read, `PreflightError` where
    the site asks for a GPU that is not there, and as `nodes_to_plan_on`.
    """
    nodes, left_out = _nodes(home, site, request)
    nodes = _with_more(nodes, request)
    catalogue, models = wishes_of(home, site, request)
    level, calibration = _checked(ServiceLevel, _level(request)), read_calibration(home.calibration_file)

    def plan_without(aliases: Collection[str]) -> Plan:
        wanted = tuple(_checked(ModelWish, model) for model in models if model["alias"] not in aliases)
        return make_plan(Wish(models=wanted, level=level), nodes, catalogue, calibration, site.accelerator)

    plan = plan_with_tuned({} if request.models else tuned_aliases(home, site), plan_without)
    return replace(plan, notes=(*plan.notes, *left_out))


def _checked(kind: type[_Section], values: dict[str, Any]) -> _Section:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise invalid_request(error, values) from error


def read_machines(file: Path) -> tuple[MachineFacts, ...]:
    """Read a recorded machine, or a list of them: bare facts, or a whole record. Raises `InvalidRequest`."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError(str(_("it is too large")))  # a record has a few kilobytes
        raw = json.loads(file.read_bytes())
        records = raw if isinstance(raw, list) else [raw]
        facts = [record.get("facts", record) if isinstance(record, dict) else record for record in records]
        machines = tuple(MachineFacts.model_validate_json(json.dumps(found)) for found in facts)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())[:300]
        raise InvalidRequest(
            _("The machine file {file} cannot be used: {reason}", file=file, reason=reason),
            _("Record a machine with `appliance doctor --record FILE`."),
            param="machine",
        ) from error
    if not machines:
        raise InvalidRequest(_("The machine file {file} holds no machine.", file=file), param="machine")
    return machines


def _nodes(home: Home, site: SiteConfig, request: PlanRequest) -> tuple[tuple[Node, ...], tuple[Message, ...]]:
    """Return the machines to plan on, and what is to be said of those that are left out."""
    if not request.machines and request.nodes is None:
        return nodes_to_plan_on(home, site)
    if request.machines:
        facts = [machine for file in request.machines for machine in read_machines(file)]
    else:
        facts = [discover(folders=(home.root,))]
    if request.nodes is not None:
        if not 1 <= request.nodes <= MOST_NODES:
            raise InvalidRequest(
                _("{count} machines cannot be planned.", count=request.nodes),
                _("Give a number from 1 to {most}.", most=MOST_NODES),
                param="nodes",
            )
        if len(facts) > 1:
            raise InvalidRequest(
                _("--nodes needs one machine; {count} are given.", count=len(facts)),
                _("Leave --nodes out, or give one --machine."),
                param="nodes",
            )
        facts *= request.nodes
    return tuple(Node(f"node-{number}", machine) for number, machine in enumerate(facts, 1)), ()


def _with_more(nodes: tuple[Node, ...], request: PlanRequest) -> tuple[Node, ...]:
    """Return the machines with those that there might be, which are called `new-1`, `new-2`."""
    if request.more_nodes is None:
        return nodes
    if not 0 <= request.more_nodes <= MOST_NODES:
        raise InvalidRequest(
            _("{count} machines cannot be planned.", count=request.more_nodes),
            _("Give a number from 0 to {most}.", most=MOST_NODES),
            param="more_nodes",
        )
    pattern = next((node for node in reversed(nodes) if request.like in (None, node.name)), None)
    if pattern is None:
        raise InvalidRequest(
            _("Nothing is planned on a machine {name}, so none like it can be added.", name=ascii(request.like)),
            _("Machines of the plan: {names}.", names=", ".join(node.name for node in nodes) or "–"),
            param="like",
        )
    return (*nodes, *(replace(pattern, name=f"new-{number}") for number in range(1, request.more_nodes + 1)))


def wishes_of(home: Home, site: SiteConfig, request: PlanRequest) -> tuple[Catalogue, list[dict[str, Any]]]:
    """Return the catalogue with the site's own packages, and wishes as plain data.

    Raises `InvalidRequest`, and as `entry_of`.
    """
    catalogue = {entry.name: entry for entry in request.coming} | dict(load_catalogue())
    wishes: list[dict[str, Any]] = []
    if request.models:
        for text in request.models:
            wishes.append(_asked(text, catalogue, wishes))
    else:
        for alias, settings in site.models.items():
            entry = entry_of(home, settings.package, catalogue)
            catalogue[entry.name] = entry
            wish = wish_of(home, alias, settings, entry).model_dump()
            wishes.append({**wish, **_chosen(settings, entry, request)} if request.choose else wish)
    for text in request.more_models:
        wishes.append(_asked(text, catalogue, wishes))
    if request.context is not None:
        wishes = [{**wish, "context": request.context} for wish in wishes]
    embedder = ModelWish(alias=EMBEDDER, model=EMBEDDER, replicas=site.embedder.replicas)
    return catalogue, [*wishes, embedder.model_dump()]


def _asked(text: str, catalogue: Mapping[str, ModelEntry], wishes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the wish for `ALIAS=NAME[:PRECISION]` beside `wishes`. Raises `InvalidRequest`, `NotFound`."""
    alias, _equals, asked = text.partition("=")
    name, _colon, precision = asked.partition(":")
    if not alias or not name:
        raise InvalidRequest(
            _("The model {text} cannot be read.", text=ascii(text[:100])),
            _("Write ALIAS=NAME, for example general=qwen3-32b, or general=qwen3-32b:int4."),
            param="model",
        )
    entry = find_model(catalogue, name)
    if precision and precision not in entry.precisions:
        raise InvalidRequest(
            _("{name} is not published in {precision}.", name=name, precision=ascii(precision[:100])),
            _("Published are: {precisions}.", precisions=", ".join(entry.precisions)),
            param="model",
        )
    if alias == EMBEDDER or any(wish["alias"] == alias for wish in wishes):
        raise InvalidRequest(
            _("The alias {alias} is taken.", alias=ascii(alias[:100])),
            _("Give each model another alias; `embedder` is the appliance's own."),
            param="model",
        )
    return {"alias": alias, "model": name, "precision": precision or None}


def entry_of(home: Home, package: str, catalogue: Mapping[str, ModelEntry]) -> ModelEntry:
    """Return the catalogue's entry for a package, or one made from the installed package's own configuration.

    Raises `NotFound` for a package that is neither known nor installed, `PackageError` for one of unknown shape.
    """
    folder = model_folder(home, package)
    config = folder / "config.json"
    try:
        return find_model(catalogue, package)
    except NotFound:
        if not config.is_file():
            raise
    try:
        raw = json.loads(config.read_bytes())
    except (OSError, ValueError) as error:
        raise PackageError(
            _("The package {name} cannot be sized: {reason}", name=package, reason=" ".join(str(error).split())),
            _("Build or copy the package again."),
        ) from error
    return entry_from_config(package, read_card(folder).title, raw if isinstance(raw, dict) else {})


def precision_of(settings: ModelSettings, entry: ModelEntry) -> Precision:
    """Return what an installed package of `entry` is held in: what the site file says, else what it is published in."""
    return entry.precisions[0] if settings.engine.dtype is None else DTYPES[settings.engine.dtype]


def wish_of(home: Home, alias: str, settings: ModelSettings, entry: ModelEntry) -> ModelWish:
    """Return what the site file asks of one model; without its `dtype` in the precision of the installed package."""
    engine = settings.engine
    installed = model_folder(home, settings.package).is_dir()
    return ModelWish(
        alias=alias,
        model=entry.name,
        precision=precision_of(settings, entry) if installed or engine.dtype else None,
        replicas=settings.first_replicas,
        tensor_parallel=engine.tensor_parallel_size,
        context=engine.max_model_len or entry.context,
        sequences=engine.max_num_seqs,
        compiled=engine.compile,
        memory_share=engine.gpu_memory_utilization,
        cache_bytes=engine.kv_cache_gib * GIB,
    )


def _chosen(settings: ModelSettings, entry: ModelEntry, request: PlanRequest) -> dict[str, Any]:
    """Return what of a wish is other where the planner may choose: the weights are those that the package has."""
    open_now: dict[str, Any] = {"precision": precision_of(settings, entry), "tensor_parallel": None}
    if request.users is None:
        return open_now
    if settings.scaling is None:
        open_now["replicas"] = None
    return {**open_now, "sequences": max(settings.engine.max_num_seqs, min(request.users, MOST_SEQUENCES))}


def _level(request: PlanRequest) -> dict[str, Any]:
    names: Sequence[str] = tuple(ServiceLevel.model_fields)
    given = {name: getattr(request, name) for name in names}
    return {name: value for name, value in given.items() if value is not None}
