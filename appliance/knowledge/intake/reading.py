"""Reading in a confined process. Run as a module it is that process: name and path on the command line."""

import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from appliance.knowledge.content import Extracted
from appliance.knowledge.intake.confined import answer_confined, run_confined
from appliance.knowledge.readers.formats import check_first_bytes, format_of
from appliance.knowledge.readers.limits import DEFAULT_LIMITS, Limits


def extract(path: Path, name: str, limits: Limits = DEFAULT_LIMITS) -> Extracted:
    """Return the blocks of the file at `path`, read by the reader for `name`.

    Raises `InvalidRequest` or `Unsupported` with the reason for any file that cannot be read within `limits`.
    """
    return Extracted.from_json(json.loads(run_confined(__spec__.name, [name, str(path)], name, limits)))


def _read(arguments: Sequence[str], limits: Limits) -> bytes:
    name, path = arguments
    content = Path(path).read_bytes()
    check_first_bytes(name, content)
    reader = importlib.import_module(f"appliance.knowledge.readers.{format_of(name).reader}")
    extracted = cast("Extracted", reader.read(content, name, limits))
    return json.dumps(extracted.to_json(), ensure_ascii=False).encode("utf-8", "replace")


if __name__ == "__main__":
    answer_confined(sys.argv[1:], _read)
