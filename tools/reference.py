"""The reference documentation: a page a component, grown from its manifest."""

from garrison.wire.manifest import SUITE, Manifest, Operation, Value


def pages(manifests: tuple[Manifest, ...]) -> dict[str, str]:
    """Return the pages by file name."""
    made = {f"{manifest.id}.md": _page(manifest) for manifest in manifests}
    made["README.md"] = _index(manifests)
    return made


def _index(manifests: tuple[Manifest, ...]) -> str:
    lines = ["# Reference", "", "Made from the code; `./dev golden` writes it anew.", ""]
    lines += [f"- [{manifest.title}]({manifest.id}.md): {manifest.help}" for manifest in manifests]
    lines += ["", "The manual page is [garrison.1](garrison.1): `man docs/reference/garrison.1`.", "", *_EXIT_CODES]
    return "\n".join(lines) + "\n"


_EXIT_CODES = [
    "## Exit codes",
    "",
    "| code | meaning |",
    "|---|---|",
    "| 0 | done; of a scan: nothing was found |",
    "| 1 | a wrong parameter |",
    "| 2 | an unknown error: a defect of Garrison |",
    "| 3 | it failed, was not found, or is unavailable; of a scan: a given path could not be read |",
    "| 4 | cancelled |",
    "| 5 | refused, or not in the subscription |",
    "| 101 | scans: threats were found, and all are out of the way |",
    "| 102 | scans: threats were found, and not all are out of the way |",
    "",
    "`garrison status` ends with 0 (green), 1 (yellow) or 2 (red), and with 64 for wrong usage.",
]


def _page(manifest: Manifest) -> str:
    lines = [f"# {manifest.title}", "", manifest.help, "", f"Component `{manifest.id}`.", ""]
    lines += _operations(manifest) + _settings(manifest) + _events(manifest)
    return "\n".join(lines).rstrip() + "\n"


def _operations(manifest: Manifest) -> list[str]:
    lines = ["## Operations", ""]
    aliases = {target: alias for alias, target in manifest.aliases.items()}
    for operation in manifest.operations:
        lines += [f"### {operation.title}", "", f"`{usage(manifest, operation, aliases)}`", "", operation.help, ""]
        facts = [f"Needs the right to *{operation.access}*."]
        if operation.schedule:
            facts.append(f"Runs by itself: {operation.schedule}.")
        lines += [" ".join(facts), ""]
        if operation.parameters:
            lines += ["| parameter | meaning | default |", "|---|---|---|"]
            lines += [
                f"| {_parameter(value)} | {cell(value.title)} | {_default(value)} |" for value in operation.parameters
            ]
            lines.append("")
    return lines


def usage(manifest: Manifest, operation: Operation, aliases: dict[str, str]) -> str:
    """Return the shortest way to ask for an operation on the command line."""
    if operation.id in aliases:
        words = ["garrison", aliases[operation.id]]
    elif operation.name == manifest.default:
        words = ["garrison", manifest.id]
    else:
        words = ["garrison", manifest.id, operation.name]
    for value in operation.parameters:
        if value.required:
            words.append(value.name.upper() + ("..." if value.many else ""))
    if any(not value.required for value in operation.parameters):
        words.append("[OPTIONS]")
    return " ".join(words)


def _parameter(value: Value) -> str:
    return f"`{value.name.upper()}`" if value.required else f"`{flag(value)}`"


def flag(value: Value) -> str:
    """Return an option as it is written."""
    name = value.name.rstrip("_").replace("_", "-")
    if value.kind == "flag":
        return f"--{name}"
    kind = "|".join(value.choices) if value.choices else value.kind.upper()
    return f"--{name} {kind}".replace("|", "\\|")


def _default(value: Value) -> str:
    if value.required or value.default in (None, "", [], False):
        return ""
    return f"`{value.default}`"


def cell(text: str) -> str:
    """Return a text that cannot break a table."""
    return text.replace("|", "\\|")


def _settings(manifest: Manifest) -> list[str]:
    if not manifest.settings or manifest.id == SUITE:
        return []
    lines = ["## Settings", "", "| setting | meaning | default | may be |", "|---|---|---|---|"]
    for value in manifest.settings:
        default = value.default if not isinstance(value.default, bool) else ("on" if value.default else "off")
        shown = "empty" if value.default == [] else f"`{default}`"
        lines.append(f"| `{manifest.id}.{value.name}` | {cell(value.title)} | {shown} | {_may_be(value)} |")
    return [*lines, "", f"`garrison settings set {manifest.id}.NAME VALUE` changes one.", ""]


def _may_be(value: Value) -> str:
    if value.choices:
        return ", ".join(value.choices)
    words = {"flag": "on, off", "integer": "a whole number", "number": "a number"}
    text = words.get(value.kind, f"a {value.kind}")
    if "minimum" in value.limits or "maximum" in value.limits:
        text += f", {value.limits.get('minimum', '')} to {value.limits.get('maximum', '')}".rstrip()
    return "a list" if value.many else text


def _events(manifest: Manifest) -> list[str]:
    if not manifest.events:
        return []
    lines = ["## Events", "", "| event | severity | in words |", "|---|---|---|"]
    lines += [f"| `{event.id}` | {event.severity} | {cell(event.says)} |" for event in manifest.events]
    return [*lines, ""]
