"""What is wrong, from recorded statuses and from ones with a single fault."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from appliance.core.status import AcceleratorStatus, ApplianceStatus, ApplicationStatus, NodeStatus, TrafficStatus
from appliance.operations.alerts import ErrorWatch, Growth, alerts

STATUSES = Path(__file__).parents[2] / "data" / "status"
GIB = 1024**3


def recorded(name):
    return ApplianceStatus.model_validate_json((STATUSES / f"{name}.json").read_text())


def node(**changes):
    return NodeStatus(**{"node_id": "n1", "address": "10.0.0.1", "head": True, "state": "alive"} | changes)


def model(**changes):
    return ApplicationStatus(**{"name": "general", "kind": "model", "state": "running"} | changes)


def status(*things, **changes):
    return ApplianceStatus(
        **{
            "version": "1",
            "taken_at": "2026-11-24T06:00:00.000Z",
            "uptime_s": 100,
            "nodes": [thing for thing in things if isinstance(thing, NodeStatus)],
            "applications": [thing for thing in things if isinstance(thing, ApplicationStatus)],
        }
        | changes
    )


def told(status, growth=None):
    return [alert.what.render("en") for alert in alerts(status, growth or {})]


def test_one_quiet_machine_has_none():
    assert told(recorded("one-cpu-node")) == []


def test_the_worst_of_three_machines_comes_first():
    found = alerts(recorded("three-gpu-nodes"), {})
    assert found[0].what.render("en") == "Node 10.20.0.13 does not answer."
    assert found[0].command == "appliance node show 10.20.0.13"
    assert [alert.level for alert in found] == sorted(
        (alert.level for alert in found), key=lambda level: level != "failed"
    )


def test_each_fault_of_the_large_one_is_found_once():
    assert told(recorded("sixty-four-nodes")) == [
        "Node gpu-42 does not answer.",
        "Model branch-20 could not be started.",
        "95 % of the disk of node gpu-10 is in use.",
        "64 requests wait for their turn at Model branch-08.",
        "Node gpu-18 is being emptied and takes no new work.",
        "Card 5 of node gpu-24 is hot: 89 °C.",
    ]


@pytest.mark.parametrize(
    ("used", "level"), [(79, None), (80, "warning"), (91, "warning"), (92, "failed"), (None, None)]
)
def test_memory_and_disk_over_the_limits(used, level):
    amount = None if used is None else used * GIB
    for name, word in (("memory", "memory"), ("disk", "disk")):
        full = node(**{f"{name}_used_bytes": amount, f"{name}_total_bytes": 100 * GIB})
        found = alerts(status(full), {})
        assert [alert.level for alert in found] == ([level] if level else [])
        assert all(f"{used} % of the {word}" in alert.what.render("en") for alert in found)


def test_a_dead_node_says_nothing_else_of_itself():
    gone = node(state="dead", standing="draining", memory_used_bytes=99, memory_total_bytes=100)
    assert told(status(gone)) == ["Node 10.0.0.1 does not answer."]


def test_what_the_head_has_decided_can_be_undone():
    (alert,) = alerts(status(node(standing="cordoned", name="gpu-1")), {})
    assert alert.command == "appliance node uncordon gpu-1"
    assert told(status(node(standing="ready"), node(standing="joining", address="10.0.0.2"))) == []


@pytest.mark.parametrize(("celsius", "count"), [(84.9, 0), (85, 1), (None, 0)])
def test_hot_cards(celsius, count):
    card = AcceleratorStatus(index=3, vendor="nvidia", name="L20", temperature_c=celsius)
    assert len(told(status(node(accelerators=[card])))) == count


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "failed"}, "Model general could not be started."),
        ({"state": "unhealthy"}, "Model general does not answer as it should."),
        ({"replicas_running": 1, "replicas_target": 3}, "Model general runs with 1 of 3 replicas."),
        ({"state": "asleep", "waiting": 2}, "2 requests wait for general, which does not run yet."),
        ({"state": "asleep", "waiting": 0}, None),
        ({"state": "asleep"}, None),
        ({"waiting": 19, "kv_use": 0.94}, None),
        ({"waiting": 20}, "20 requests wait for their turn at Model general."),
        ({"waiting": 1, "kv_use": 0.95}, "1 request waits for its turn at Model general."),
        ({"waiting": 0, "kv_use": 1.0}, None),
        ({"state": "starting"}, None),
        ({"state": "stopped"}, None),
    ],
)
def test_applications(changes, words):
    assert told(status(model(**changes))) == ([words] if words else [])


def test_errors_that_rise():
    watch, first = ErrorWatch(), status(model(traffic=TrafficStatus(requests_total=1000, errors_total=500)))
    assert watch.observe(first) == {"model/general": Growth(0, 0)}
    later = [(60, 1100, 504), (120, 1200, 520)]
    for seconds, requests, errors in later:
        traffic = TrafficStatus(requests_total=requests, errors_total=errors)
        at = (datetime.fromisoformat(first.taken_at) + timedelta(seconds=seconds)).isoformat()
        growth = watch.observe(status(model(traffic=traffic), taken_at=at))
    assert growth == {"model/general": Growth(200, 20)}
    (said,) = told(status(model()), growth)
    assert said == "20 of the last 200 requests to general failed."


@pytest.mark.parametrize(
    ("requests", "errors", "alarming"), [(10, 2, False), (100, 4, False), (60, 3, True), (3, 3, True)]
)
def test_a_single_mishap_is_no_alarm(requests, errors, alarming):
    assert Growth(requests, errors).alarming is alarming


def test_errors_of_more_than_five_minutes_ago_are_forgotten_and_a_new_gateway_counts_anew():
    watch, start = ErrorWatch(), datetime.fromisoformat("2026-11-24T06:00:00+00:00")

    def at(minutes, requests, errors):
        traffic = TrafficStatus(requests_total=requests, errors_total=errors)
        taken = (start + timedelta(minutes=minutes)).isoformat()
        return watch.observe(status(model(traffic=traffic), taken_at=taken))["model/general"]

    at(0, 100, 0)
    assert at(1, 200, 50) == Growth(100, 50)
    at(3, 300, 50)
    assert at(7, 400, 50) == Growth(200, 0)
    assert at(8, 10, 1) == Growth(0, 0)
    assert at(4, 20, 2) == Growth(0, 0)


def test_every_alert_is_said_in_both_languages_and_says_what_to_do():
    for alert in alerts(recorded("sixty-four-nodes"), {"scenario/counter-01": Growth(10, 9)}):
        assert alert.todo.render("en")
        assert alert.command.startswith("appliance ")
        assert json.dumps(alert.what.render("zh_CN"))
