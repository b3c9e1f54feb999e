"""What tests read off the gateway: errors in their one shape, and its metrics."""

import json

from ray.exceptions import RayTaskError

from appliance.state.audit.search import Filters, search


def error_of(response, status, code):
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    assert error["code"] == code
    return error


def gauges(context):
    """Return every gauge's value that is not zero."""
    return {
        (family.name, *sample.labels.values()): sample.value
        for family in context.metrics.registry.collect()
        if family.type == "gauge"
        for sample in family.samples
        if sample.value
    }


def requests_counted(context):
    return {
        (sample.labels["target"], sample.labels["route"], sample.labels["status"]): sample.value
        for family in context.metrics.registry.collect()
        for sample in family.samples
        if sample.name == "appliance_requests_total"
    }


def task_error(cause):
    return RayTaskError("generate", "traceback", cause)


def audited(ring, kind="request.completed"):
    """Return (record, data) of each audit record of a kind, oldest first."""
    found = search(ring._database, Filters(kind=kind)).records
    return [(record, json.loads(record.data)) for record in reversed(found)]
