"""Start a worker: its supervisor, and with it Ray, the node service and the relay to the head's gateway."""

from collections.abc import Iterator

from appliance.cluster.membership import read_membership
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.down import take_down
from appliance.operations.gateways import write_gateways
from appliance.operations.preflight import check_certificate
from appliance.operations.starting_lock import only_starter
from appliance.operations.supervised import clear_remains, live_supervision, start_supervised


def start_node(home: Home, *, patient: bool = False) -> Iterator[Progress]:
    """Start this worker and yield each step's news. One that runs already is left alone.

    A `patient` one is not waited for: it goes on trying while its head is away. Raises `StartFailed`, `ConfigError`;
    whatever had been started by then is stopped again.
    """
    home.create()
    site = load_site(home.site_file)
    membership = read_membership(home)
    if membership is not None and membership.state == "removed":
        raise ConfigError(
            _("This node was removed from the appliance at {head}.", head=membership.head.address),
            _("Let it join again: `appliance node token create` on the head prints the command."),
            code="node_removed",
        )
    if membership is not None:
        write_gateways(home, site, [("head", membership.head.address, {})])
    with only_starter(home):
        if live_supervision(home) is not None:
            yield Progress("start", _("Start"), "skipped", _("the appliance runs already"))
            return
        yield from clear_remains(home)
        check_certificate(home, site)
        try:
            yield from start_supervised(home, site, patient=patient)
        except BaseException:
            # Also on Ctrl-C and when the caller goes away: nothing half-started stays behind.
            for _step in take_down(home):
                pass
            raise
