"""What a person can set of notifications."""

from enum import StrEnum

from garrison import sdk


class Way(StrEnum):
    """How people are told."""

    DESKTOP = "desktop"
    EMAIL = "e-mail"
    WEBHOOK = "webhook"
    NTFY = "ntfy"


class Security(StrEnum):
    """How the line to the mail server is encrypted: from the first byte, on request, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


OUT = (Way.EMAIL, Way.WEBHOOK, Way.NTFY)  # ways that leave this computer, each a purpose that needs consent
PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}
_ALL = list(Way)


class NotificationsSettings(sdk.Settings):
    """Who is told what, and how. A kind without a way is told nowhere; the inbox keeps all but information."""

    critical: list[Way] = sdk.field(_ALL, title="Tell what is critical by")
    important: list[Way] = sdk.field(_ALL, title="Tell what is important by")
    informational: list[Way] = sdk.field([], title="Tell what is only good to know by")
    repeat_minutes: int = sdk.field(10, title="Gather more of the same kind for (minutes)", ge=0, le=1440)
    sound: bool = sdk.field(True, title="Let the desktop play a sound")
    quiet_full_screen: bool = sdk.field(True, title="Show only what is critical while something fills the screen")
    tray: bool = sdk.field(True, title="Show Garrison's state in the desktop's tray")
    inbox_days: int = sdk.field(90, title="Keep notices in the inbox for (days)", ge=1, le=3650)
    inbox_most: int = sdk.field(1000, title="Keep no more notices than", ge=10, le=100_000)
    email_to: list[str] = sdk.field([], title="Send e-mail to", max_length=20)
    email_from: str = sdk.field("", title="Send e-mail from (nothing: from the first recipient)", max_length=254)
    email_server: str = sdk.field("", title="Mail server", max_length=253)
    email_port: int = sdk.field(0, title="Port of the mail server (0: the usual one)", ge=0, le=65_535)
    email_security: Security = sdk.field(Security.STARTTLS, title="Encryption of the line to the mail server")
    email_user: str = sdk.field("", title="User at the mail server", max_length=254)
    email_password: sdk.Secret = sdk.field(sdk.Secret(""), title="Password at the mail server")
    letter: bool = sdk.field(True, title="Send the weekly letter by e-mail")
    webhook: str = sdk.field("", title="Address of the webhook", max_length=4096)
    webhook_secret: sdk.Secret = sdk.field(sdk.Secret(""), title="Secret that signs what the webhook gets")
    ntfy: str = sdk.field("", title="Address of the ntfy topic, such as https://ntfy.example/office", max_length=4096)
    ntfy_token: sdk.Secret = sdk.field(sdk.Secret(""), title="Access token at the ntfy server")

    def ways_for(self, severity: sdk.Severity) -> frozenset[Way]:
        """Return the ways for a kind, whether they are set up or not."""
        by_kind = {
            sdk.Severity.CRITICAL: self.critical,
            sdk.Severity.IMPORTANT: self.important,
            sdk.Severity.INFO: self.informational,
        }
        return frozenset(by_kind[severity])

    def is_set_up(self, way: Way) -> bool:
        """Return whether a way has all that it needs."""
        needs = {
            Way.DESKTOP: True,
            Way.EMAIL: bool(self.email_server and self.email_to),
            Way.WEBHOOK: bool(self.webhook),
            Way.NTFY: bool(self.ntfy),
        }
        return needs[way]
