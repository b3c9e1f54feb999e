"""The cluster of the running appliance, as far as versions of models are started and stopped on it."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from appliance.cluster.environment import cluster_environment
from appliance.cluster.instance import Instance, processes_of, read_instance
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ApplianceError, NotRunning
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.operations.driving import drive
from appliance.operations.nodes.supplying import supply
from appliance.state.served import Variant


class Switch(Protocol):
    """Starts and stops applications of models."""

    def start(self, variant: Variant) -> Iterator[Progress]:
        """Start a version and let it generate a token. Raises `StartFailed`; nothing of it is left then."""
        ...

    def stop(self, variant: Variant) -> Iterator[Progress]:
        """Stop a version once the generations that it works on have ended. Raises `StartFailed`."""
        ...


def running_instance(home: Home) -> Instance | None:
    """Return the instance of `home` where its processes live."""
    instance = read_instance(home.instance_file)
    return instance if instance is not None and processes_of(instance) else None


def running_switch(home: Home) -> Switch:
    """Return the switch of the running appliance. Raises `NotRunning`."""
    instance = running_instance(home)
    if instance is None:
        raise NotRunning(
            _("No appliance runs from {folder}.", folder=home.root), _("Start it with `appliance up`, then try again.")
        )
    return ClusterSwitch(home, instance)


class ClusterSwitch:
    """`Switch` by a process that drives the cluster (`serving.switch`)."""

    def __init__(self, home: Home, instance: Instance) -> None:
        self._home = home
        self._instance = instance

    def start(self, variant: Variant) -> Iterator[Progress]:
        """Start a version and let it generate a token. Raises `StartFailed`; nothing of it is left then."""
        order = {
            "do": "start", "application": variant.application, "alias": variant.alias, "package": variant.package,
            "release_counter": variant.release_counter,
        }  # fmt: skip
        yield from supply(self._home, load_site(self._home.site_file))
        try:
            yield from self._carried_out(order, "model.start", _("Start {version}", version=variant.label))
        except ApplianceError:
            raise  # the process has cleaned up
        except BaseException:  # it was broken off, and what it began would stay
            for _news in self.stop(variant):
                pass
            raise

    def stop(self, variant: Variant) -> Iterator[Progress]:
        """Stop a version once the generations that it works on have ended. Raises `StartFailed`."""
        order = {"do": "stop", "application": variant.application}
        yield from self._carried_out(order, "model.stop", _("Stop {version}", version=variant.label))

    def _carried_out(self, order: Mapping[str, Any], step: str, title: Message) -> Iterator[Progress]:
        yield Progress(step, title)
        log = self._home.logs / "switch.log"
        cluster = load_site(self._home.site_file).cluster
        environment = cluster_environment(self._instance.instance_id, self._home, cluster, os.environ)
        arguments = (str(self._home.root), json.dumps(order))
        for _event in drive("appliance.serving.switch", arguments, environment, log, _broken):
            pass
        yield Progress(step, title, "done")


def _broken(reason: str) -> Message:
    return _("The cluster could not be told: {reason}", reason=reason)
