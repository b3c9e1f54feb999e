from pathlib import Path

import pytest

from appliance.cluster.environment import cluster_environment
from appliance.cluster.instance import INSTANCE_VARIABLE

TOKEN = Path("/home/x/secrets/ray.token")


@pytest.fixture
def environment():
    return cluster_environment("run_1", TOKEN, {"PATH": "/bin", "LD_LIBRARY_PATH": "/lib", "CUDA_VISIBLE_DEVICES": "0"})


def test_the_callers_own_variables_stay(environment):
    assert (environment["PATH"], environment["LD_LIBRARY_PATH"], environment["CUDA_VISIBLE_DEVICES"]) == (
        "/bin",
        "/lib",
        "0",
    )


@pytest.mark.parametrize(
    "name",
    [
        "RAY_ADDRESS", "RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_AUTH_TOKEN", "RAY_TMPDIR", "RAY_SERVE_HTTP_PROXY_CALLBACK",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING", "VLLM_PLUGINS", "VLLM_API_KEY", "SERVE_ANYTHING",
    ],
)  # fmt: skip
def test_settings_of_another_ray_or_vllm_are_dropped(name):
    assert name not in cluster_environment("run_1", TOKEN, {name: "foreign"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAY_AUTH_MODE", "disabled"),
        ("RAY_USAGE_STATS_ENABLED", "1"),
        ("HF_HUB_OFFLINE", "0"),
        ("TRANSFORMERS_OFFLINE", "0"),
        ("VLLM_NO_USAGE_STATS", "0"),
        ("VLLM_ALLOW_INSECURE_SERIALIZATION", "1"),
        ("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "1"),
        (INSTANCE_VARIABLE, "run_0"),
    ],
)
def test_what_guards_the_appliance_cannot_be_switched_off_from_outside(environment, name, value):
    assert cluster_environment("run_1", TOKEN, {name: value})[name] == environment[name] != value


def test_the_token_is_asked_for_and_nothing_calls_out(environment):
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_AUTH_TOKEN_PATH"] == str(TOKEN)
    assert environment[INSTANCE_VARIABLE] == "run_1"
    assert [environment[name] for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")] == [
        "1"
    ] * 3
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"


def test_the_given_environment_is_not_changed():
    base = {"RAY_ADDRESS": "x"}
    cluster_environment("run_1", TOKEN, base)
    assert base == {"RAY_ADDRESS": "x"}
