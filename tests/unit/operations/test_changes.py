"""What changed from one reading to the next."""

from datetime import datetime, timedelta

from appliance.core.status import TrafficStatus
from appliance.operations.changes import ChangeWatch
from tests.unit.operations.test_alerts import model, node, status

START = datetime.fromisoformat("2026-11-24T06:00:00+00:00")


def seen(*readings):
    """Return what is told of readings a minute apart."""
    watch = ChangeWatch()
    for minute, reading in enumerate(readings):
        watch.observe(reading.model_copy(update={"taken_at": (START + timedelta(minutes=minute)).isoformat()}))
    return watch


def told(*readings):
    return [(change.level, change.what.render("en"), change.subject) for change in seen(*readings).changes]


def test_the_first_reading_is_no_change_and_traffic_is_none():
    assert told(status(node(), model()), status(node(), model(traffic=TrafficStatus(requests_total=9)))) == []


def test_nodes_that_go_come_and_are_decided_of():
    assert told(status(node()), status(node(state="dead")), status(node())) == [
        ("bad", "Node 10.0.0.1 does not answer.", "10.0.0.1"),
        ("good", "Node 10.0.0.1 answers again.", "10.0.0.1"),
    ]
    assert told(status(node()), status(node(), node(address="10.0.0.2")), status(node())) == [
        ("good", "Node 10.0.0.2 is new.", "10.0.0.2"),
        ("plain", "Node 10.0.0.2 is not there any more.", "10.0.0.2"),
    ]
    assert told(status(node(standing="ready")), status(node(standing="draining")), status(node(standing="ready"))) == [
        ("plain", "Node 10.0.0.1 is being emptied and takes no new work.", "10.0.0.1"),
        ("good", "Node 10.0.0.1 takes new work.", "10.0.0.1"),
    ]
    assert told(status(node()), status(node(node_id="n2"))) == [
        ("plain", "Node 10.0.0.1 was started anew.", "10.0.0.1")
    ]


def test_applications_that_change():
    assert told(status(model()), status(model(state="failed")), status(model())) == [
        ("bad", "Model general could not be started.", "model/general"),
        ("good", "Model general runs.", "model/general"),
    ]
    assert told(status(), status(model(state="starting")), status()) == [
        ("plain", "Model general starts.", "model/general"),
        ("plain", "Model general is not there any more.", "model/general"),
    ]
    assert told(status(model(replicas_running=1)), status(model(replicas_running=3))) == [
        ("plain", "Model general runs with 3 replicas, before with 1.", "model/general")
    ]


def test_the_appliance_goes_comes_and_is_new():
    watch = seen(status(), status())
    watch.miss(START + timedelta(minutes=2))
    watch.miss(START + timedelta(minutes=3))
    watch.observe(status(taken_at="2026-11-24T06:04:00.000Z", uptime_s=5, version="2"))
    assert [change.what.render("en") for change in watch.changes] == [
        "The appliance does not answer.",
        "The appliance answers again.",
        "The appliance was started anew.",
        "The version is now 2.",
    ]
    assert [change.level for change in watch.changes] == ["bad", "good", "plain", "plain"]


def test_an_appliance_that_was_never_there_has_not_gone():
    watch = ChangeWatch()
    watch.miss(START)
    assert watch.changes == ()


def test_an_hour_is_kept():
    watch = seen(status(model()), status(model(state="failed")))
    for minutes in (60, 62):
        watch.observe(status(model(state="failed"), taken_at=(START + timedelta(minutes=minutes)).isoformat()))
        assert len(watch.changes) == (1 if minutes == 60 else 0)
