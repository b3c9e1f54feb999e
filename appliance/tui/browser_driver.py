"""Textual's driver for a terminal in a browser; `TEXTUAL_DRIVER` names it."""

import os
import signal
import threading

from textual import events
from textual.drivers.web_driver import WebDriver

_LEAVE_S = 5.0


class BrowserDriver(WebDriver):
    """Begins with the focus, and ends the terminal when the server that carries it is gone, however that ended."""

    def start_application_mode(self) -> None:
        """Begin with the focus, which the base class takes away: the page tells it before that is done."""
        super().start_application_mode()
        self._app.call_later(self._app.post_message, events.AppFocus())

    def run_input_thread(self) -> None:
        """Read until the input ends; where the app was not stopped before, nobody is there any more."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            # An app that was drawing just then has failed on its closed output, and may never come to its end.
            forced = threading.Timer(_LEAVE_S, os._exit, (1,))
            forced.daemon = True
            forced.start()
            signal.raise_signal(signal.SIGTERM)
