"""Build the base model's package in the home folder without starting anything: `python images/models/build.py`."""

import os
import sys
from pathlib import Path

from appliance.config.home import Home
from appliance.core.errors import ApplianceError
from appliance.core.messages import current_language, set_language
from appliance.packages.build import base_recipe_path, ensure_base_model


def main() -> None:
    """Build, printing each step."""
    set_language(os.environ.get("LANG", ""))
    root = os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance"
    home = Home(Path(root).expanduser())
    home.create()
    try:
        for news in ensure_base_model(home, base_recipe_path()):
            if news.state == "running":
                print(f"{news.title} …", flush=True)
            else:
                print(f"{news.title}: {news.detail or news.state}", flush=True)
    except ApplianceError as error:
        sys.exit(error.render(current_language()))


if __name__ == "__main__":
    main()
