"""Files of the bank: strict, and every fault says in which file and where."""

import pytest
from pydantic import BaseModel, ConfigDict, Field

from appliance.core.errors import ConfigError
from appliance.scenario.yaml_bounds import MOST_BYTES
from appliance.scenario.yaml_files import read_as, read_yaml


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.0, le=1.0)


class Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    parts: tuple[Part, ...] = ()


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "bank.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_file_is_read_also_with_a_mark_at_its_beginning(file):
    assert read_as(file("\ufeffname: 甲\nparts: [{share: 0.5}]"), Form).parts[0].share == 0.5
    assert read_yaml(file("# nothing yet")) == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name: a\nname: b", "2:1: it is not YAML: name is given twice"),
        ("name: a\nparts: [{share: 2}]", "parts.0.share: "),
        ("name: a\nnames: b", "names: there is no such field. Did you mean name?"),
        ("name: a\nzzz: b", "Its fields are name, parts"),
        ("name: a\nparts: [{share: 1, shares: 1}]", "parts.0.shares: there is no such field"),
        ("parts: []", "name: it is missing"),
        ("name: [", "it is not YAML"),
        ("- a", "it must hold a mapping"),
        ("name: 甲".encode("gbk"), "it cannot be read"),
        ("name: " + "a" * MOST_BYTES, "it is larger than"),
        (
            "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 20)}]" for n in range(1, 9))]),
            "counting what aliases repeat",
        ),
        ("name: " + "[" * 40 + "]" * 40, "nested more than"),
        ("name: " + "[" * 5000, "nested more than"),
        ("name: {day: 2026-13-45}", "it cannot be read"),
        ("name: !!python/object:os.system {}", "it is not YAML"),
    ],
)
def test_a_fault_names_file_entry_and_fix(file, content, said):
    with pytest.raises(ConfigError) as caught:
        read_as(file(content), Form)
    assert said in str(caught.value)
    assert "bank.yaml" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"bank\.yaml cannot be used"):
        read_yaml(tmp_path / "bank.yaml")
