"""Read the label of AI-generated content in a file: on this machine, without the running appliance."""

from pathlib import Path

from appliance.labels.files import FoundLabel, read_label
from appliance.labels.provider import ProviderCode, parse_provider_code, provider_fault

_SHOWN_AS = {True: "visible", False: "missing", None: "unknown"}


def examine_label(path: Path) -> FoundLabel:
    """Return what the file says about itself. Raises `NotFound`, `InvalidRequest`, `Unsupported`."""
    return read_label(path.expanduser())


def producer_of(found: FoundLabel) -> ProviderCode | None:
    """Return the producer's code taken apart; None where there is none, or it is no provider code."""
    if found.label is None or provider_fault(found.label.content_producer) is not None:
        return None
    return parse_provider_code(found.label.content_producer)


def explicit_state(found: FoundLabel) -> str:
    """Return `visible`, `missing` or `unknown`."""
    return _SHOWN_AS[found.explicit]


def label_report(path: Path, found: FoundLabel, language: str) -> dict[str, object]:
    """Return plain data for `--json`; only the problems are in `language`."""
    producer = producer_of(found)
    return {
        "file": str(path),
        "format": found.format,
        "labelled": found.label is not None,
        "valid": found.valid,
        "label": found.label.to_object() if found.label is not None else None,
        "producer": None
        if producer is None
        else {"credit_code": producer.credit_code, "service_code": producer.service_code, "role": producer.role},
        "explicit": explicit_state(found),
        "integrity": found.integrity,
        "problems": [problem.render(language) for problem in found.problems],
    }
