import sys
from pathlib import Path

# The benchmark is a program of its own, not a part of the package: its modules are beside it.
sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
