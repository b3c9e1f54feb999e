"""`GET /v1/models` as the terminal reads it, and what each refusal means."""

import pytest

from appliance.config.home import Home
from appliance.core.errors import NotRunning, PermissionDenied, Unavailable
from appliance.tui.connection import HttpConnection
from appliance.tui.local import Local
from appliance.tui.models_source import HttpModelsSource
from appliance.tui.models_work import LocalModelsWork
from tests.tui.models_double import CANDIDATE, EMBEDDER, RecordedModels


@pytest.fixture
def source(tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1")
    return RecordedModels(key_file)


async def test_models_with_their_versions(source):
    general, finance, embedder = (await source.read()).data
    assert general.label == "qinglan-7b:1.1-r3"
    assert general.get("candidate").label == f"{CANDIDATE['package']}:{CANDIDATE['version']}"
    assert (general.get("candidate").share, general.get("candidate").tenants) == (10, ("retail",))
    assert finance.get("candidate") is None
    assert (embedder.label, embedder.variants) == ("embedder", ())


async def test_a_caller_is_told_of_no_versions(source):
    source.models = [{key: value for key, value in EMBEDDER.items() if key != "variants"}]
    assert (await source.read()).data[0].variants == ()


async def test_what_refusals_mean(source):
    source.refusal = (403, "permission_denied", "no")
    with pytest.raises(PermissionDenied, match="may not see the models"):
        await source.read()
    source.refusal = None
    source.models = [{"id": 1}]
    with pytest.raises(Unavailable, match="not an appliance of this version"):
        await source.read()
    source.down = True
    with pytest.raises(NotRunning):
        await source.read()


def test_only_beside_a_home_something_can_be_done(tmp_path):
    connection = HttpConnection("http://127.0.0.1:8080", "key-1")
    assert not HttpModelsSource(connection, None).here
    source = HttpModelsSource(connection, Local(Home(tmp_path)))
    assert source.here
    assert isinstance(source.work(), LocalModelsWork)
