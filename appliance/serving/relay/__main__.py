"""`python -m appliance.serving.relay HOME`: the gateway of a worker node."""

import resource
import sys

import uvloop

from appliance.serving.node_process import run_node_process
from appliance.serving.relay.running import serve_relay


def main() -> int:
    """Run until told to end; return the exit code, 1 with the reason on stderr where it cannot."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a request takes two
    return run_node_process("appliance.serving.relay", "relay", serve_relay, uvloop.run)


if __name__ == "__main__":
    sys.exit(main())
