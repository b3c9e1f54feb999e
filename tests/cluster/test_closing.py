"""A node that is closed to engines, on Ray itself without the appliance: what a restart and opening it leave."""

import json
import os
import subprocess
import sys

# In a process of its own: Ray leaves threads and warnings behind.
PROGRAM = """
import json, time
import ray
from ray.cluster_utils import Cluster
from appliance.cluster.node import ENGINE_PLACE
from appliance.serving import node_orders

OPTIONS = {"num_cpus": 1, "object_store_memory": 80 << 20}
cluster = Cluster(initialize_head=True, head_node_args={**OPTIONS, "include_dashboard": False})
ray.init(address=cluster.address, log_to_driver=False)

def node(but=None):
    while True:
        for one in ray.nodes():
            if one["Alive"] and ENGINE_PLACE in one["Resources"] and one["NodeID"] != but:
                return one
        time.sleep(0.2)

def start():
    return cluster.add_node(**OPTIONS, resources={ENGINE_PLACE: 8})

worker = start()
first = node()
places = [node_orders._free_places(first)]
node_orders._close(first)
time.sleep(2)  # what is free is told a moment later
places.append(node_orders._free_places(first))
cluster.remove_node(worker)
start()
second = node(but=first["NodeID"])
time.sleep(5)
places.append(node_orders._free_places(second))
node_orders._close(second)
node_orders._open(second)
time.sleep(2)
places.append(node_orders._free_places(second))
print(json.dumps(places), flush=True)
ray.shutdown()
cluster.shutdown()
"""


def test_a_restart_opens_a_closed_node_and_so_does_opening_it():
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == [8, 0, 8, 8]
