"""Starting and stopping a version: one that does not generate is removed. Serve itself is stood in for."""

from types import SimpleNamespace

import pytest
from ray import serve

from appliance.core.errors import StartFailed
from appliance.core.messages import LANGUAGES, _
from appliance.serving import deploy, starting
from appliance.serving.starting import start_model, stop_model

NAME = "model-general@7"


class Cluster:
    """Serve's applications; an application answers its canary with `canary`."""

    def __init__(self):
        self.applications = {}
        self.canary = "a"

    def submit(self, targets):
        self.applications |= dict(targets)

    def delete(self, name, _blocking):
        assert not _blocking
        self.applications.pop(name, None)

    def watch(self, names, timeout_s):
        yield deploy.AppState(NAME, "starting", "")
        yield deploy.AppState(NAME, "running", "")

    def handle(self, deployment, name):
        async def answer():
            if isinstance(self.canary, Exception):
                raise self.canary
            return self.canary

        return SimpleNamespace(canary=SimpleNamespace(remote=answer))

    def status(self):
        return self


@pytest.fixture
def cluster(monkeypatch):
    found = Cluster()
    monkeypatch.setattr(deploy, "submit", found.submit)
    monkeypatch.setattr(deploy, "watch", found.watch)
    monkeypatch.setattr(serve, "delete", found.delete)
    monkeypatch.setattr(serve, "status", found.status)
    monkeypatch.setattr(serve, "get_deployment_handle", found.handle)
    return found


def test_a_version_is_running_once_it_has_generated(cluster):
    assert [state.state for state in start_model(NAME, "application", 1)] == ["starting", "running"]
    assert cluster.applications == {NAME: "application"}


def test_a_version_whose_canary_fails_is_removed(cluster):
    cluster.canary = TimeoutError()
    with pytest.raises(StartFailed) as caught:
        list(start_model(NAME, "application", 1))
    assert cluster.applications == {}
    assert all(caught.value.render(language) for language in LANGUAGES)


def test_a_version_that_does_not_come_up_is_removed(cluster, monkeypatch):
    def fail(names, timeout_s):
        yield deploy.AppState(NAME, "starting", "")
        raise StartFailed(_("The application {name} did not start: {reason}", name=NAME, reason="x"))

    monkeypatch.setattr(deploy, "watch", fail)
    with pytest.raises(StartFailed):
        list(start_model(NAME, "application", 1))
    assert cluster.applications == {}


def test_a_version_stops_and_one_that_stays_is_told(cluster, monkeypatch):
    cluster.applications = {NAME: "application"}
    assert [state.state for state in stop_model(NAME, 1)] == ["stopping", "stopped"]
    monkeypatch.setattr(starting, "_POLL_S", 0.0)
    monkeypatch.setattr(serve, "delete", lambda name, _blocking: None)
    cluster.applications = {NAME: "application"}
    with pytest.raises(StartFailed):
        list(stop_model(NAME, 0.01))
