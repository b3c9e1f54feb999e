"""What tests read off the gateway: errors in their one shape, and its metrics."""

from ray.exceptions import RayTaskError


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
