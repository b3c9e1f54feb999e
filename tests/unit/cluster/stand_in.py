"""A supervisor with the real loop, whose Ray is trivial processes."""

import os
import shutil
import textwrap
from pathlib import Path

# What `ray start` does: it leaves processes behind and ends. They are called as Ray calls its own.
PROGRAM = """
    import os, subprocess, sys
    from pathlib import Path
    from appliance.cluster.parts import Part, PartSpec
    from appliance.cluster.ray_node import RayNode
    from appliance.cluster.supervisor import Supervisor
    from appliance.config.home import Home
    from appliance.core.errors import StartFailed
    from appliance.core.messages import _

    home, tools = Home(Path(sys.argv[1])), Path(os.environ["TOOLS"])

    def start():
        if (tools / "broken").exists():
            raise StartFailed(_("Ray did not start: {reason}", reason="no such address"))
        names = ["raylet", "gcs_server"] if os.environ["ROLE"] == "head" else ["raylet"]
        lines = "; ".join(f"setsid {tools}/{name} 1000 &" for name in names).replace("&;", "&")
        subprocess.run(["sh", "-c", lines], check=True)

    spec = PartSpec("echo", ("sh", "-c", "echo begun; exec sleep 1000"), dict(os.environ), home.logs / "echo.log")
    ray = RayNode(start, is_head=os.environ["ROLE"] == "head")
    sys.exit(Supervisor(home, ray, [Part(spec)], patient="--patient" in sys.argv).run())
"""


def stand_in(folder: Path, role: str = "head") -> dict[str, str]:
    """Return an environment in which `python -m appliance.cluster.supervise` is the program above.

    While `folder/tools/broken` is there, Ray does not start.
    """
    tools = folder / "tools"
    tools.mkdir()
    for name in ("raylet", "gcs_server"):
        shutil.copy(shutil.which("sleep"), tools / name)
    (folder / "sitecustomize.py").write_text(
        "import sys\n"
        "if '-m' in sys.orig_argv and 'appliance.cluster.supervise' in sys.orig_argv:\n"
        "    sys.argv = ['supervise', *sys.orig_argv[sys.orig_argv.index('-m') + 2:]]\n"
        f"    exec(compile({textwrap.dedent(PROGRAM)!r}, 'program', 'exec'), {{}})\n"
    )
    path = os.pathsep.join([str(folder), str(Path.cwd())])
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "TOOLS": str(tools), "ROLE": role}
