"""The manual page, grown from the manifests (man(7))."""

from garrison.wire.manifest import SUITE, Manifest
from tools.reference import flag, usage

_OWN = (
    (
        "start [COMPONENT] [--scan PATH] [--no-scan]",
        "Start Garrison in the background and make a first scan; or switch a component on.",
    ),
    ("stop [COMPONENT]", "Stop Garrison and everything it started; or switch a component off."),
    ("restart [COMPONENT]", "Stop Garrison and start it again; or restart a component."),
    ("upgrade [SOURCE]...", "Change to the newest version of Garrison that your publisher has, if it works here."),
    ("completion [bash|zsh|fish]", "Print the completion script for a shell; without one, say how to install it."),
    (
        "publisher init|publish|publish-application|renew|rotate|show DIR",
        "Publish signed databases and versions for an office; garrison publisher --help tells more.",
    ),
    (
        "uninstall [--keep THING] [--keep-nothing] [--yes]",
        "Stop Garrison and remove what it made, but for what you want to keep.",
    ),
)
_CODES = (
    ("0", "Done; of a scan: nothing was found; of status: green."),
    ("1", "A wrong parameter; of status: yellow."),
    ("2", "An unknown error; of status: red."),
    ("3", "It failed, was not found or is unavailable."),
    ("4", "Cancelled."),
    ("5", "Refused, or not in the subscription."),
    ("64", "Wrong usage of status."),
    ("101", "Threats were found, and all are out of the way."),
    ("102", "Threats were found, and not all are out of the way."),
)


def page(manifests: tuple[Manifest, ...], version: str) -> str:
    """Return garrison(1)."""
    lines = [
        f'.TH GARRISON 1 "" "Garrison {version}" "User commands"',
        ".SH NAME",
        "garrison \\- protect the computers of small offices",
        ".SH SYNOPSIS",
        ".B garrison",
        "[\\fB\\-\\-system\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION",
        "Garrison finds malware in files, puts it into quarantine, and says how things stand. Begin with",
        '.BR "garrison start" .',
        "Every command takes \\fB\\-\\-json\\fR; commands that take their time take \\fB\\-\\-background\\fR.",
        ".SH COMMANDS",
    ]
    for command, text in _OWN:
        lines += [".TP", f".B garrison {_escape(command)}", _escape(text)]
    for manifest in manifests:
        lines += _component(manifest)
    lines += [".SH EXIT STATUS"]
    for code, text in _CODES:
        lines += [".TP", f".B {code}", _escape(text)]
    lines += [
        ".SH ENVIRONMENT",
        ".TP",
        ".B GARRISON_HOME",
        "The folder that holds all state: settings, journal, databases, quarantine, socket.",
        ".SH FILES",
        ".TP",
        ".I ~/.local/state/garrison",
        "State of an account's own suite (XDG_STATE_HOME).",
        ".TP",
        ".I /var/lib/garrison",
        "State of the whole computer's suite.",
    ]
    return "\n".join(lines) + "\n"


def _component(manifest: Manifest) -> list[str]:
    lines = [f".SS {_escape(manifest.title)}", _escape(manifest.help)]
    aliases = {target: alias for alias, target in manifest.aliases.items()}
    for operation in manifest.operations:
        if manifest.id == SUITE and operation.id not in aliases:
            continue
        lines += [".TP", f".B {_escape(usage(manifest, operation, aliases))}", _escape(operation.help)]
        for value in operation.parameters:
            if not value.required:
                lines += [".br", f"\\fB{_escape(flag(value).replace(chr(92), ''))}\\fR: {_escape(value.title)}"]
    return lines


def _escape(text: str) -> str:
    """Return a text that means itself to troff."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("\n", " ")
    text = "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in text)  # groff_char(7)
    return "\\&" + text if text.startswith((".", "'")) else text
