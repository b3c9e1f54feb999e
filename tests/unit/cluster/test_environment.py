from pathlib import Path

import pytest

from appliance.cluster.environment import NODE_HOME, cluster_environment
from appliance.cluster.instance import INSTANCE_VARIABLE
from appliance.config.home import Home
from appliance.config.site import ClusterSettings

HOME = Home(Path("/home/x"))


def made(base, **settings):
    return cluster_environment("run_1", HOME, ClusterSettings(**settings), base)


@pytest.fixture
def environment():
    return made({"PATH": "/bin", "LD_LIBRARY_PATH": "/lib", "CUDA_VISIBLE_DEVICES": "0"})


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
    assert name not in made({name: "foreign"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAY_AUTH_MODE", "disabled"),
        ("RAY_USE_TLS", "0"),
        ("RAY_TLS_CA_CERT", "/tmp/other.pem"),
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
    assert made({name: value})[name] == environment[name] != value


def test_the_token_is_asked_for_and_nothing_calls_out(environment):
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_AUTH_TOKEN_PATH"] == str(HOME.ray_token_file)
    assert environment[INSTANCE_VARIABLE] == "run_1"
    assert [environment[name] for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")] == [
        "1"
    ] * 3
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"


def test_the_given_environment_is_not_changed():
    base = {"RAY_ADDRESS": "x"}
    made(base)
    assert base == {"RAY_ADDRESS": "x"}


def test_ray_processes_show_each_other_certificates(environment):
    assert environment["RAY_USE_TLS"] == "1"
    assert environment["RAY_TLS_SERVER_CERT"] == str(HOME.node_certificate_file)
    assert environment["RAY_TLS_SERVER_KEY"] == str(HOME.node_key_file)
    assert environment["RAY_TLS_CA_CERT"] == str(HOME.ca_file)


def test_a_node_that_is_alone_binds_loopback_only(environment):
    assert environment["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"
    assert made({}, address="10.20.0.11")["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "1"


def test_a_replica_finds_the_home_of_its_node_and_ray_keeps_what_it_knows_there(environment):
    assert environment[NODE_HOME] == "/home/x"
    assert (environment["RAY_gcs_storage"], environment["RAY_gcs_storage_path"]) == ("rocksdb", str(HOME.gcs))


def test_a_controller_that_comes_back_finds_its_replicas_and_a_sick_one_ends_at_once(environment):
    assert environment["VLLM_CONFIGURE_LOGGING"] == "0"
    assert environment["RAY_SERVE_FORCE_STOP_UNHEALTHY_REPLICAS"] == "1"
    assert environment["RAY_worker_niceness"] == "0"
    assert (environment["RAY_enable_metrics_collection"], environment["DASHBOARD_METRIC_PORT"]) == ("0", "-1")
