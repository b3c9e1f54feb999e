"""What a vendor needs to help, in one file: collected, cleaned, shown, then written."""

from appliance.operations.support_bundle.archive import check_output, write_bundle
from appliance.operations.support_bundle.collecting import collect
from appliance.operations.support_bundle.parts import Bundle, Missing, Part

__all__ = ["Bundle", "Missing", "Part", "check_output", "collect", "write_bundle"]
