"""A messenger for one machine: it takes the notices that would go to Telegram or WeCom and keeps count of them."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Notice:
    """One message as the seller's messenger received it."""

    seller: str
    title: str
    body: str
    channel: str = ""
    """Its name, where the seller has several."""


@dataclass
class Messenger:
    """Listens on 127.0.0.1 for apprise's `json://` messages; the path names the seller and the channel."""

    notices: list[Notice] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    def start(self) -> Messenger:
        notices = self.notices

        class Inbox(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                try:
                    said = json.loads(raw)
                    seller, _, channel = self.path.strip("/").partition("/")
                    notice = Notice(seller, str(said["title"]), str(said["message"]), channel)
                except (ValueError, KeyError, TypeError):
                    self.send_error(400)
                    return
                notices.append(notice)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Notices are counted, not logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
        threading.Thread(target=self._server.serve_forever, name="messenger", daemon=True).start()
        return self

    def channel(self, seller: str, name: str = "") -> str:
        """An address of the seller at this messenger, as an apprise URL; `name` tells several apart."""
        if self._server is None:
            raise RuntimeError("the messenger is not running; call start() first")
        return f"json://127.0.0.1:{self._server.server_address[1]}/{seller}" + (f"/{name}" if name else "")

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
