"""Messages as each way wants them: a letter (RFC 5322), a webhook's JSON, and ntfy's text with headers."""

import hashlib
import hmac
import json
import socket
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

from garrison.abilities.fetching import Mail, Post
from garrison.abilities.notices import Notice
from garrison.base.errors import Invalid
from garrison.base.languages import translator
from garrison.base.text import printable
from garrison.components.notifications.settings import PORTS, NotificationsSettings, Way
from garrison.sdk import Severity

SIGNATURE = "X-Garrison-Signature"
_LONGEST_SUBJECT = 120
_PRIORITIES = {Severity.CRITICAL.value: "5", Severity.IMPORTANT.value: "4", Severity.INFO.value: "3"}


@dataclass(frozen=True, slots=True)
class Outward:
    """A message that is to leave this computer. to: the recipient of an e-mail. at: when it happened, ISO 8601."""

    way: str
    text: str
    at: str
    severity: str = Severity.INFO.value
    component: str = ""
    event: str = ""
    subject: str = ""
    html: str = ""
    to: str = ""

    @classmethod
    def of(cls, notice: Notice, way: Way, at: str, to: str = "", language: str = "") -> "Outward":
        """Return a notice as a message. language: of its text; English where there is none of that name."""
        text = printable(translator(language).message(notice.text))
        return cls(way.value, text, at, notice.severity.value, notice.component, notice.name, text, to=to)


def sendable(message: Outward, settings: NotificationsSettings, now: datetime) -> Post | Mail:
    """Return what is sent out for a message. Raises Invalid when an address is none, or the way is not set up."""
    way = Way(message.way)
    if not settings.is_set_up(way):
        raise Invalid("“{way}” is not set up.", "garrison settings notifications shows what it needs.", way=way.value)
    if way is Way.EMAIL:
        return _mail(message, settings, now)
    return _webhook(message, settings) if way is Way.WEBHOOK else _ntfy(message, settings)


def _mail(message: Outward, settings: NotificationsSettings, now: datetime) -> Mail:
    sender = settings.email_from or settings.email_to[0]
    letter = EmailMessage()
    try:
        letter["From"] = Address("Garrison", addr_spec=sender)
        letter["To"] = Address(addr_spec=message.to)
        letter["Subject"] = f"[Garrison, {socket.gethostname()}] {_short(message.subject)}"
        letter["Date"] = now
        letter["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834
        letter.set_content(f"{message.text}\n\n{message.at}\n", cte="quoted-printable")
        if message.html:
            letter.add_alternative(message.html, subtype="html", cte="quoted-printable")
        written = letter.as_bytes(policy=SMTP).decode("ascii")
    except (MessageError, ValueError, IndexError) as error:
        raise Invalid(
            "“{sender}” or “{to}” is no address of e-mail.", "Example: anna@example.org", sender=sender, to=message.to
        ) from error
    return Mail(
        host=settings.email_server,
        port=settings.email_port or PORTS[settings.email_security],
        security=settings.email_security.value,
        sender=sender,
        recipient=message.to,
        message=written,
        user=settings.email_user,
        password=settings.email_password.get_secret_value(),
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SUBJECT else text[:_LONGEST_SUBJECT] + "…"


def _webhook(message: Outward, settings: NotificationsSettings) -> Post:
    told = {
        "computer": socket.gethostname(),
        "at": message.at,
        "severity": message.severity,
        "component": message.component,
        "event": message.event,
        "text": message.text,
    }
    body = json.dumps(told, ensure_ascii=True)
    headers = {"Content-Type": "application/json"}
    secret = settings.webhook_secret.get_secret_value()
    if secret:
        signature = hmac.new(secret.encode("utf-8"), body.encode("ascii"), hashlib.sha256).hexdigest()
        headers[SIGNATURE] = f"sha256={signature}"
    return Post(settings.webhook, body, headers)


def _ntfy(message: Outward, settings: NotificationsSettings) -> Post:
    host = socket.gethostname().encode("ascii", "replace").decode("ascii")
    headers = {"Title": f"Garrison, {host}", "Priority": _PRIORITIES[message.severity]}
    token = settings.ntfy_token.get_secret_value()
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return Post(settings.ntfy, message.text, headers)
