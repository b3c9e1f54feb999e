"""The supervisor's process: `python -m appliance.cluster.supervise HOME [--patient]`.

Its environment is that of the cluster's processes (`cluster.environment`), and all that it starts inherits it.
"""

import argparse
import os
import sys
from pathlib import Path

from appliance.cluster import node
from appliance.cluster.membership import Membership, read_membership, read_standing
from appliance.cluster.parts import Part, PartSpec
from appliance.cluster.ray_node import RayNode
from appliance.cluster.supervisor import Supervisor
from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.errors import ApplianceError
from appliance.core.messages import set_language
from appliance.core.networks import with_port


def programs(home: Home, member: Membership | None) -> list[PartSpec]:
    """Return what runs beside Ray: the node service, on a worker also the relay to the head's gateway."""
    modules = {"node": "appliance.serving.nodes.service"}
    if member is not None:
        modules["relay"] = "appliance.serving.relay"
    return [
        PartSpec(name, (sys.executable, "-m", module, str(home.root)), dict(os.environ), home.logs / f"{name}.out.log")
        for name, module in modules.items()
    ]


def start_ray(home: Home, site: SiteConfig, member: Membership | None) -> None:
    """Start Ray as this node's role asks. Raises `StartFailed`, `ConfigError`."""
    log = home.logs / "ray.log"
    # Left by a lost head, it makes Ray take any node of this cluster on the same machine for that head.
    (node.temp_folder(home.root) / "ray_current_cluster").unlink(missing_ok=True)
    if member is None:
        node.start_head(home.root, site.cluster, os.environ, log)
    else:
        head = with_port(member.head.address, member.head.ports.gcs)
        standing = read_standing(home)
        labels = site.cluster.labels if standing is None else standing.labels
        node.start_worker(home.root, site.cluster.model_copy(update={"labels": labels}), head, os.environ, log)


def main() -> int:
    """Supervise until told to end; return the exit code, 1 with the reason on stderr where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m appliance.cluster.supervise")
    parser.add_argument("home", type=Path, help="this node's home folder")
    parser.add_argument("--patient", action="store_true", help="go on trying where Ray does not start the first time")
    arguments = parser.parse_args()
    home = Home(arguments.home.absolute())
    try:
        site = load_site(home.site_file)
        set_language(site.language)
        member = read_membership(home)
        ray = RayNode(lambda: start_ray(home, site, member), is_head=member is None)
        parts = [Part(spec) for spec in programs(home, member)]
        return Supervisor(home, ray, parts, patient=arguments.patient).run()
    except ApplianceError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
