"""`python -m appliance.serving.relay HOME`: the gateway of a worker node."""

import argparse
import resource
import sys
from pathlib import Path

import uvloop

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ApplianceError
from appliance.core.messages import set_language
from appliance.serving.gateway import logs
from appliance.serving.relay.running import until_told


def main() -> int:
    """Run until told to end; return the exit code, 1 with the reason on stderr where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m appliance.serving.relay")
    parser.add_argument("home", type=Path, help="this node's home folder")
    home = Home(parser.parse_args().home.absolute())
    try:
        site = load_site(home.site_file)
        set_language(site.language)
        home.create()
        logs.configure(home.logs, "relay")
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a request takes two
        uvloop.run(until_told(home, site))
    except ApplianceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
