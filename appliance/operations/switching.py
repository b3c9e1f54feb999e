"""Orders to the cluster of the running appliance, and among them those that start and stop versions of models."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
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


def needed_instance(home: Home) -> Instance:
    """Return the instance of `home` as `running_instance`. Raises `NotRunning`."""
    instance = running_instance(home)
    if instance is None:
        raise NotRunning(
            _("No appliance runs from {folder}.", folder=home.root), _("Start it with `appliance up`, then try again.")
        )
    return instance


def running_switch(home: Home) -> Switch:
    """Return the switch of the running appliance. Raises `NotRunning`."""
    return ClusterSwitch(home, needed_instance(home))


def give_order(
    home: Home, instance: Instance, module: str, order: Mapping[str, Any], log: Path
) -> Iterator[dict[str, Any]]:
    """Have a module carry out an order on the running cluster; yield what it tells. Raises as `drive`."""
    cluster = load_site(home.site_file).cluster
    environment = cluster_environment(instance.instance_id, home, cluster, os.environ)
    yield from drive(module, (str(home.root), json.dumps(order)), environment, log, _broken)


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
        for _event in give_order(self._home, self._instance, "appliance.serving.switch", order, log):
            pass
        yield Progress(step, title, "done")


def _broken(reason: str) -> Message:
    return _("The cluster could not be told: {reason}", reason=reason)
