"""The pages: the terminal's, and short notices. Nothing in them comes from outside, or from what a browser sent."""

from html import escape
from pathlib import Path
from types import MappingProxyType

from appliance.core.messages import Message, _

_OURS = Path(__file__).parent / "static"
FONT, FONT_ITALIC = "roboto-mono.ttf", "roboto-mono-italic.ttf"
_TYPES = MappingProxyType({".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf"})


def files() -> dict[str, Path]:
    """Return the files that are given out, by name: the only ones there are."""
    import textual_serve  # the command line is quicker without it

    theirs = Path(textual_serve.__file__).parent / "static"
    return {
        "xterm.css": theirs / "css/xterm.css",
        "textual.js": theirs / "js/textual.js",
        FONT: theirs / "fonts/RobotoMono-VariableFont_wght.ttf",
        FONT_ITALIC: theirs / "fonts/RobotoMono-Italic-VariableFont_wght.ttf",
        "page.css": _OURS / "page.css",
        "page.js": _OURS / "page.js",
    }


def content_type(file: Path) -> str:
    """Return the type of one of `files`."""
    return _TYPES[file.suffix]


def headers(host: str) -> dict[str, str]:
    """Return what goes with every answer; `host` is the one that the browser asked, name and port.

    Styles may stand in the page: xterm.js makes some of its own. Scripts, fonts and connections are this server's only.
    """
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
        f"connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        # What is on the screen may write to the clipboard, as in any terminal, and never read it.
        "Permissions-Policy": "clipboard-read=(), camera=(), microphone=(), geolocation=(), display-capture=()",
        "Server": "appliance",
    }


def terminal_page(base: str, socket: str, language: str) -> str:
    """Return the page with the terminal; `base` is the path before its files, `socket` the connection's address."""
    said = {
        "lost": _("The connection to `appliance tui --serve` is gone. Look whether it still runs."),
        "large": _("The text was too large to paste: at most 256 KiB at once."),
        "failed": _("This browser cannot draw the terminal. Use a current Firefox, Chrome or Edge."),
    }
    texts = " ".join(f'data-{name}="{_text(message, language)}"' for name, message in said.items())
    body = f"""\
<div class="notice starting"><p>{_text(_("The terminal starts …"), language)}</p></div>
<div class="notice ended" role="alert"><p></p><button type="button">{_text(_("Open it again"), language)}</button></div>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{escape(socket)}" data-font-size="16"></div>"""
    head = f"""\
<link rel="stylesheet" href="{base}static/xterm.css">
<link rel="stylesheet" href="{base}static/page.css">
<script src="{base}static/page.js"></script>
<script src="{base}static/textual.js"></script>"""
    return _page(head, f"<body {texts}>\n{body}\n</body>", language)


def notice_page(message: Message, hint: Message | None, language: str, again: str | None = None) -> str:
    """Return a page that says something; with `again` it leads on to that path at once."""
    lines = "".join(f"<p>{_text(line, language)}</p>" for line in (message, hint) if line is not None)
    head = "" if again is None else f'<meta http-equiv="refresh" content="0;url={escape(again)}">'
    style = "<style>body{font:16px/1.5 sans-serif;max-width:40em;margin:15vh auto;padding:0 1em}</style>"
    return _page(f"{style}{head}", f"<body>\n<h1>LLM Appliance</h1>\n{lines}\n</body>", language)


def _page(head: str, body: str, language: str) -> str:
    return f"""\
<!DOCTYPE html>
<html lang="{language.replace("_", "-")}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>LLM Appliance</title>
<link rel="icon" href="data:,">
{head}
</head>
{body}
</html>
"""


def _text(message: Message, language: str) -> str:
    return escape(message.render(language))
