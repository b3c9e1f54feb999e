"""`appliance doctor`: looks at everything the appliance stands on and says what to do about each fault."""

from appliance.operations.doctor.check import Check, worst
from appliance.operations.doctor.examination import examine, examine_machine

__all__ = ["Check", "examine", "examine_machine", "worst"]
