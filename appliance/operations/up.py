"""Start the appliance: check, build, start Ray, deploy, load samples, ask one question of each endpoint."""

from collections.abc import Iterator, Mapping

from appliance.cluster import node
from appliance.cluster.certificates import ensure_authority
from appliance.cluster.instance import digest_of, processes_of, read_instance
from appliance.cluster.membership import read_membership
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import AlreadyRunning, NotRunning, Unavailable
from appliance.core.files import write_durably
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.core.units import GIB
from appliance.hardware.choice import choose_accelerator, vendors_found
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.operations.applied import applying_settings
from appliance.operations.backups.switch import check_no_restore
from appliance.operations.client import ApplianceClient
from appliance.operations.down import take_down
from appliance.operations.driving import drive
from appliance.operations.gateways import base_url
from appliance.operations.memory import check_caches, check_site_memory
from appliance.operations.nodes.starting import start_node
from appliance.operations.nodes.supplying import supply
from appliance.operations.platform_state import check_not_returning
from appliance.operations.preflight import check_certificate, check_disk, check_ports
from appliance.operations.samples import load_samples
from appliance.operations.starting_lock import only_starter
from appliance.operations.supervised import clear_remains, environment_of, start_supervised
from appliance.operations.tour import Tour, take_tour
from appliance.packages.build import base_recipe_path, ensure_base_model
from appliance.packages.card import load_card
from appliance.packages.merging import ensure_tuned_models
from appliance.packages.places import model_folder
from appliance.serving.nodes.head import ensure_head
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing, load_or_create_pepper, load_or_create_token
from appliance.state.nodes import Nodes

_DISK_NEEDED = 1 * GIB  # logs, state and indexes; what a model build needs on top is checked there


def bring_up(home: Home, site: SiteConfig) -> Iterator[Progress | Tour]:
    """Start everything and yield each step's news, at the end the tour. A running appliance only gives the tour.

    A worker starts what a worker has, and gives no tour.
    Raises the error tree; whatever had been started by then is stopped again.
    """
    home.create()
    check_not_returning(home)
    check_no_restore(home)
    if read_membership(home) is not None:
        yield from start_node(home)
        return
    with only_starter(home):
        if _is_serving(home, site):
            yield Progress("start", _("Start"), "skipped", _already(home, site))
        else:
            yield from _start(home, site)
        with ApplianceClient.for_home(home, site) as client:
            if site.load_samples:
                yield from load_samples(client, home, site.scenarios)
            yield from _tour(client, home, site)


def _is_serving(home: Home, site: SiteConfig) -> bool:
    """Tell whether this home's appliance answers. Remains of one that ended are cleared away.

    Raises `AlreadyRunning` for one that runs and does not answer: it may be at work for somebody.
    """
    instance = read_instance(home.instance_file)
    if instance is None:
        return False
    if not processes_of(instance):
        for _step in clear_remains(home):
            pass
        return False
    try:
        with ApplianceClient.for_home(home, site) as client:
            client.status()
    except (NotRunning, Unavailable) as error:
        raise AlreadyRunning(
            _("The appliance of {folder} runs but does not answer.", folder=home.root),
            _("Stop it with `appliance down`, then start it again."),
        ) from error
    return True


def _already(home: Home, site: SiteConfig) -> Message:
    instance = read_instance(home.instance_file)
    if instance is not None and instance.site_digest == digest_of(site):
        return _("the appliance runs already")
    return _("it runs already, with settings from before: `appliance down`, then `appliance up` applies the new ones")


def _start(home: Home, site: SiteConfig) -> Iterator[Progress]:
    title = _("Check ports, disk and memory")
    yield Progress("preflight", title)
    ports = node.RayPorts.from_settings(site.cluster)
    needed = [
        (site.cluster.address, port, "cluster.port") for port in ports.in_use_when_running(site.cluster.dashboard)
    ]
    check_ports([(site.gateway.host, site.gateway.port, "gateway.port"), *needed])
    check_certificate(home, site)
    facts = discover()
    choice = choose_accelerator(site.accelerator, facts, installed_engine())
    accelerator = choice.kind
    check_disk(home.root, _DISK_NEEDED)
    check_site_memory(home, site, facts, {}, accelerator)
    if accelerator == "cpu":
        check_caches(home, site)
    unused = accelerator == "cpu" and vendors_found(facts)
    yield Progress("preflight", title, "done", _("on CPU: {reason}", reason=choice.reason) if unused else None)
    yield from ensure_base_model(home, base_recipe_path())
    yield from ensure_tuned_models(home, [model.package for model in site.models.values()])
    check_site_memory(home, site, discover(), _weights(home, site), accelerator)  # the build may have left less
    yield from _prepare(home, site)
    try:
        with applying_settings(home, site):
            yield from _start_cluster(home, site)
    except BaseException:
        # Also on Ctrl-C and when the caller goes away: nothing half-started stays behind.
        for _step in take_down(home):
            pass
        raise


def _weights(home: Home, site: SiteConfig) -> dict[str, int]:
    return {alias: load_card(model_folder(home, model.package)).weights_bytes for alias, model in site.models.items()}


def _prepare(home: Home, site: SiteConfig) -> Iterator[Progress]:
    """Make secrets, database and the first admin key where they are missing."""
    title = _("Prepare keys and database")
    yield Progress("state", title)
    load_or_create_token(home.ray_token_file)
    ring_pepper = load_or_create_pepper(home.pepper_file)
    database = Database.open(site.state.url or sqlite_url(home.database))
    try:
        applied = database.migrate()
        head = ensure_head(home, site, nodes := Nodes(database), ensure_authority(home.secrets))
        nodes.set_state(head.id, "ready")  # Ray knows nothing of what was closed before this start
        if not home.admin_key_file.exists():
            _record, key = KeyRing(database, ring_pepper).create("admin", role="admin")
            write_durably(home.admin_key_file, key.encode() + b"\n", 0o600)
    finally:
        database.close()
    yield Progress("state", title, "done" if applied else "skipped")


def _start_cluster(home: Home, site: SiteConfig) -> Iterator[Progress]:
    yield from start_supervised(home, site)
    instance = read_instance(home.instance_file)
    assert instance is not None
    yield from supply(home, site)
    yield from _deploy(home, environment_of(home, site, instance))


def _deploy(home: Home, environment: Mapping[str, str]) -> Iterator[Progress]:
    """Run `serving.launch` and tell of each application as it comes up."""
    title = _("Load the serving libraries")
    yield Progress("launch", title)
    waiting = True
    for event in drive("appliance.serving.launch", (str(home.root),), environment, home.logs / "launch.log", _broken):
        if waiting:
            waiting = False
            yield Progress("launch", title, "done")
        running = event["state"] == "running"
        yield Progress(
            f"application.{event['application']}",
            application_title(event["application"]),
            "done" if running else "running",
        )


def _broken(reason: str) -> Message:
    return _("The applications could not be started: {reason}", reason=reason)


def application_title(name: str) -> Message:
    """Return what the step that starts an application is called."""
    if name.startswith("model-"):
        return _("Start the model {name}", name=name.removeprefix("model-"))
    if name.startswith("scenario-"):
        return _("Start the scenario {name}", name=name.removeprefix("scenario-"))
    titles = {
        "gateway": _("Start the gateway"),
        "batch": _("Start the batch runner"),
        "knowledge": _("Start the knowledge service"),
        "embedding-embedder": _("Start the embedder"),
    }
    return titles.get(name, _("Start {name}", name=name))


def _tour(client: ApplianceClient, home: Home, site: SiteConfig) -> Iterator[Progress | Tour]:
    title = _("Ask each endpoint one question")
    yield Progress("tour", title)
    asked = site.scenarios if site.load_samples else ()  # their questions are about the samples
    awake = [alias for alias, model in site.models.items() if not model.sleeps]  # the others are let sleep
    rows = tuple(take_tour(client, home, awake, asked))
    yield Progress("tour", title, "done" if all(row.ok for row in rows) else "failed")
    yield Tour(rows=rows, address=f"{base_url(site)}/v1", admin_key_file=home.admin_key_file)
