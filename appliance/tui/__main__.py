"""`python -m appliance.tui --url … --key-file … [--language …]`: the terminal, without the command line around it."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from appliance.core.messages import LANGUAGES


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the arguments and run the terminal until it is left."""
    parser = argparse.ArgumentParser(prog="appliance tui", allow_abbrev=False)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="address of the appliance's gateway")
    parser.add_argument("--key-file", type=Path, required=True, help="file that holds a key of the appliance")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="language of the screens")
    options = parser.parse_args(arguments)
    address = urlsplit(options.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        parser.error(f"--url must be like http://127.0.0.1:8080, not {options.url}")

    from appliance.tui.app import TerminalApp
    from appliance.tui.source import Sources

    TerminalApp(Sources.over_http(options.url, options.key_file, options.language), options.language).run()


if __name__ == "__main__":
    main()
