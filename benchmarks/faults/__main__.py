"""`python -m benchmarks.faults`: start an appliance, make one fault after another, print a table."""

import sys
from pathlib import Path

# The benchmarks are programs, not a package: their modules name one another as they stand beside each other.
sys.path.insert(0, str(Path(__file__).parents[1]))

from faults.run import main

main()
