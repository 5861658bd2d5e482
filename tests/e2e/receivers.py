"""Where notifications arrive: an HTTP server in place of Slack and of the dead man's switch, and a real SMTP server."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.blackbox.machine_room import free_port

# How both templates begin the lines about one alert: name, what it is about, whether it is over.
_ALERT: Final = re.compile(
    r"^\*?(?P<name>BtcHealth\w+)\*?(?: \((?P<about>[\w ]+)\))?(?P<resolved> resolved)?", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Alert:
    """`about`: the pillar, the source, or source and endpoint that it speaks of; empty where it is about everything."""

    name: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """`to`: Slack channel or mail address."""

    to: str
    alert: Alert


@dataclass(frozen=True, slots=True)
class Message:
    """`title` as people read it; `at` in Unix seconds."""

    to: str
    title: str
    text: str
    at: float

    def told(self, *, resolved: bool) -> Iterator[Told]:
        for found in _ALERT.finditer(self.text):
            if bool(found["resolved"]) == resolved:
                yield Told(self.to, Alert(found["name"], found["about"] or ""))


@dataclass(slots=True)
class Mailbox:
    messages: list[Message] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)

    def told(self, since: int, *, resolved: bool) -> set[Told]:
        """By the messages from number `since` on."""
        return {told for message in self.messages[since:] for told in message.told(resolved=resolved)}


class Post:
    """What aiosmtpd calls for each mail."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        content = envelope.content or b""
        mail = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=policy.default)
        body = mail.get_body(("plain",))
        text = body.get_content() if body else ""
        self.mailbox.messages.append(Message(envelope.rcpt_tos[0], str(mail["Subject"]), text, time.time()))
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
                    mailbox.messages.append(Message(body["channel"], attached["title"], attached["text"], time.time()))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_arguments: Any) -> None:
                """Nothing: the test says what arrived."""

        return Handler
