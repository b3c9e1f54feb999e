"""Kill Serve's controller by `ray.kill`: run as a program in the environment of the cluster, with its address."""

import sys

import ray

_NAME, _NAMESPACE = "SERVE_CONTROLLER_ACTOR", "serve"


def main(address: str) -> None:
    """Kill it; Ray starts another one."""
    ray.init(address=address, namespace=_NAMESPACE, log_to_driver=False, logging_level="ERROR")
    try:
        ray.kill(ray.get_actor(_NAME), no_restart=False)
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
