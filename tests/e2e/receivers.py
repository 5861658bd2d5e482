"""Where notifications arrive: an HTTP server in place of Slack and of the dead man's switch, and a real SMTP server."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.blackbox.machine_room import free_port


@dataclass(frozen=True, slots=True)
class Message:
    """`to`: Slack channel or mail address; `title` as people read it."""

    to: str
    title: str
    text: str
    at: float


@dataclass(slots=True)
class Mailbox:
    messages: list[Message] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)

    def put(self, message: Message) -> None:
        self.messages.append(message)


class Post:
    """What aiosmtpd calls for each mail."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        content = envelope.content or b""
        mail = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=policy.default)
        body = mail.get_body(("html",))
        text = body.get_content() if body else ""
        self.mailbox.put(Message(envelope.rcpt_tos[0], str(mail["Subject"]), text, time.time()))
        return "250 OK"


class Receivers:
    """Both servers, on loopback, each in a thread of its own."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.smtp = Controller(Post(self.mailbox), hostname="127.0.0.1", port=free_port())

    def start(self) -> None:
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.smtp.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.smtp.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        mailbox = self.mailbox

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/watchdog":
                    mailbox.beats.append(time.time())
                else:
                    attached = body["attachments"][0]
                    mailbox.put(Message(body["channel"], attached["title"], attached["text"], time.time()))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_arguments: Any) -> None:
                """Nothing: the test says what arrived."""

        return Handler
