"""`python -m appliance.tui --url … --key-file … [--language …]`: the terminal, without the command line around it.

Without `--key-file` the key is that of the environment variable `APPLIANCE_TUI_KEY`, which no list of processes shows.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from appliance.core.messages import LANGUAGES

if TYPE_CHECKING:
    from appliance.config.home import Home
    from appliance.operations.gateway_trust import GatewayTrust
    from appliance.tui.local import Local

KEY_VARIABLE = "APPLIANCE_TUI_KEY"


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the arguments and run the terminal until it is left."""
    from appliance.tui.themes import THEMES, ThemeMemory

    parser = argparse.ArgumentParser(prog="appliance tui", allow_abbrev=False)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="address of the appliance's gateway")
    parser.add_argument("--key-file", type=Path, help="file that holds a key of the appliance")
    parser.add_argument("--ca", type=Path, help="authorities (PEM) that the gateway's certificate is checked against")
    parser.add_argument("--home", type=Path, help="home folder of the appliance on this machine")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="language of the screens")
    parser.add_argument("--theme", choices=THEMES, help="colours of this start; by default those chosen last")
    parser.add_argument("--first-start", action="store_true", help="begin with the first start of --home")
    options = parser.parse_args(arguments)
    if options.first_start and options.home is not None and not _set_up(options):
        return
    address = urlsplit(options.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        parser.error(f"--url must be like http://127.0.0.1:8080, not {options.url}")

    key: Path | str = options.key_file or os.environ.get(KEY_VARIABLE, "")
    if not key and not options.first_start:
        parser.error("--key-file is needed, or a key in " + KEY_VARIABLE)

    from appliance.config.home import Home
    from appliance.tui.app import TerminalApp
    from appliance.tui.crash import run_app
    from appliance.tui.local import Local
    from appliance.tui.source import Sources

    if options.first_start and options.home is not None:
        options.url, key = _address_of(Home(options.home.absolute()))
    local = None if options.home is None else Local(Home(options.home.absolute()))
    sources = Sources.over_http(options.url, key, options.language, local, _trust(options.url, local, options.ca))
    memory = ThemeMemory.of_user()
    run_app(TerminalApp(sources, options.language, theme=options.theme or memory.read(), memory=memory))


def _set_up(options: argparse.Namespace) -> bool:
    """Run the first start; tell whether the appliance runs now and the terminal is to open."""
    from appliance.config.home import Home
    from appliance.tui.crash import run_app
    from appliance.tui.themes import ThemeMemory
    from appliance.tui.wizard.app import SetupApp
    from appliance.tui.wizard.source import LocalSetup

    source, memory = LocalSetup(Home(options.home.absolute())), ThemeMemory.of_user()
    setup = SetupApp(source, options.language, options.theme or memory.read(), memory)
    ended = run_app(setup)
    # The terminal opens in the language and the colours that the first start was left with.
    options.language, options.theme = setup.language, setup.colours
    return ended == "terminal"


def _trust(url: str, local: "Local | None", authority: Path | None) -> "GatewayTrust | None":
    """Return what the gateway is known by: on this machine what its home says. Raises `ConfigError`."""
    if not url.startswith("https:"):
        return None
    from appliance.operations.gateway_trust import trust_elsewhere, trust_of  # plain HTTP loads none of it

    return trust_elsewhere(url, authority) if local is None else trust_of(local.home, local.site())


def _address_of(home: "Home") -> tuple[str, Path]:
    """Return the address and the key of the appliance that was just started."""
    from appliance.config.site import load_site
    from appliance.operations.gateways import base_url

    return base_url(load_site(home.site_file)), home.admin_key_file


if __name__ == "__main__":
    main()
