"""Start this node under its supervisor: a head without its applications, or a worker."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace

import appliance
from appliance.cluster import node
from appliance.cluster.environment import cluster_environment
from appliance.cluster.instance import Instance, digest_of, processes_of, read_instance, write_instance
from appliance.cluster.supervision import Supervision, read_supervision, start_supervisor
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.core.files import write_durably
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.networks import with_port
from appliance.core.progress import Progress
from appliance.operations.down import remove_traces, take_down
from appliance.operations.gateways import base_url


def start_supervised(home: Home, site: SiteConfig, *, patient: bool = False) -> Iterator[Progress]:
    """Start the supervisor, and with it Ray and the node's own programs; yield the step's news.

    A `patient` one is not waited for and goes on trying: so a worker waits for a head that is
    away. Raises `StartFailed`.
    """
    ports = node.RayPorts.from_settings(site.cluster)
    instance = Instance(
        instance_id=new_id("run"),
        ray_address=with_port(site.cluster.address, site.cluster.port),
        gateway_url=base_url(site),
        temp_folder=str(node.temp_folder(home.root)),
        started_at=iso(utc_now()),
        version=appliance.__version__,
        site_digest=digest_of(site),
        ports=(site.gateway.port, *ports.in_use_when_running(site.cluster.dashboard)),
    )
    title = _("Start Ray")
    yield Progress("ray", title)
    write_instance(home.instance_file, instance)  # before the first process: `down` must find them all
    _forget_another_cluster(home, instance)
    supervisor = start_supervisor(home, environment_of(home, site, instance), patient=patient)
    write_instance(home.instance_file, replace(instance, head_pid=supervisor.pid))
    yield Progress("ray", title, "done")


def environment_of(home: Home, site: SiteConfig, instance: Instance) -> Mapping[str, str]:
    """Return the environment of everything that belongs to an instance."""
    return cluster_environment(instance.instance_id, home, site.cluster, os.environ)


def live_supervision(home: Home) -> Supervision | None:
    """Return what the supervisor of this node tells, while it lives."""
    told = read_supervision(home.supervisor_file)
    return told if told is not None and told.process() is not None else None


def clear_remains(home: Home) -> Iterator[Progress]:
    """Clear away what a power cut or a lost supervisor left: processes that nobody watches, sessions, sockets.

    What Ray's control service knew stays: what runs on other nodes goes on.
    """
    instance = read_instance(home.instance_file)
    if instance is None or live_supervision(home) is not None:
        return
    if processes_of(instance):
        yield from take_down(home, keep_cluster=True)
    else:
        remove_traces(home)


def _forget_another_cluster(home: Home, instance: Instance) -> None:
    """Remove what Ray's control service knew where another program or other settings wrote it."""
    mark, now = home.gcs / "made-by", f"{instance.version} {instance.site_digest}\n"
    if not mark.exists() or mark.read_text(encoding="utf-8") != now:
        shutil.rmtree(home.gcs, ignore_errors=True)
        write_durably(mark, now.encode())
