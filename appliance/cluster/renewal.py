"""TLS contexts of processes that run longer than a certificate is good for."""

import contextlib
import ssl

from appliance.cluster.certificates import NodeFiles, client_context, server_context


class Renewed:
    """A node's TLS context, which takes a renewed certificate over; connections that are open keep the old one."""

    def __init__(self, context: ssl.SSLContext, files: NodeFiles) -> None:
        self.context = context
        self._files = files
        self._seen = self._changed()

    @classmethod
    def client(cls, files: NodeFiles) -> "Renewed":
        """Return that of a node that calls others. Raises `ConfigError`."""
        return cls(client_context(files), files)

    @classmethod
    def server(cls, files: NodeFiles) -> "Renewed":
        """Return that of a listener that only nodes reach. Raises `ConfigError`."""
        return cls(server_context(files, client_required=True), files)

    def look(self) -> None:
        """Take the certificate over where its file has changed."""
        with contextlib.suppress(OSError):  # key and certificate are being written: they match at the next look
            changed = self._changed()
            if changed != self._seen:
                self.context.load_cert_chain(self._files.certificate, self._files.key)
                self._seen = changed

    def _changed(self) -> tuple[int, int]:
        found = self._files.certificate.stat()
        return found.st_mtime_ns, found.st_ino
