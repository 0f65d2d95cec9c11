"""python -m tools vendor: takes what the pages need of others' work from npm, and writes it into `look/assets`.

Of Tabler's style sheets only the rules for what we use are kept (`_KEPT`): the whole is five times as large. Those for
dark pages become a sheet of their own, so that the page says by `media=` when it counts and no script has to.
Needed is npm alone; nothing of it is needed to run Garrison. `vendored.toml` says what was taken, and its digests.
"""

import functools
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

ASSETS = Path("src/garrison/look/assets")
_AXE = Path("tests/browser/vendored")
_PACKAGES = {"@tabler/core": "1.6.1", "@tabler/icons": "3.52.0", "htmx.org": "4.0.1", "axe-core": "4.14.1"}
_ICONS = (
    "adjustments", "alert-triangle", "archive", "arrow-back-up", "bug", "check", "chevron-right", "clock", "database",
    "device-desktop", "eye-off", "file-search", "heart-rate-monitor", "home", "inbox", "info-circle", "language",
    "lock", "logout", "menu-2", "moon", "player-play", "player-stop", "plus", "refresh", "report-analytics", "scan",
    "search", "settings", "shield", "shield-check", "shield-exclamation", "shield-x", "sun", "trash", "x",
)  # fmt: skip
_KEPT = re.compile(
    r"\.(?:btn|card|badge|table|form-(?:control|select|check|switch|label|hint|range)|invalid-feedback|is-invalid|"
    r"input-group|progress|alert|visually-hidden|status|text-(?:secondary|truncate))(?![a-z])[\w-]*"
)
_LEFT_OUT = re.compile(
    r"btn-(?:group|toolbar|facebook|x|twitter|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest|vk|rss|"
    r"flickr|bitbucket|tabler|muted|azure|indigo|purple|pink|orange|yellow|lime|teal|cyan|gray|dark|light|info|blue|"
    r"red|green|action|animate|floating|list|loading|pill|square|tag|close|secondary)"
    r"|card-(?:group|link|img|avatar|progress|cover|tabs|status|stamp|rotate|active|inactive|borderless|gradient|sponsor)"
    r"|badge-(?:notification|blink|empty|list|pill)|badges-list|floating|table-(?:dark|light|primary|secondary|success|"
    r"info|warning|danger|selectable|transparent|mobile|bordered|nowrap|striped|group)|form-(?:control-(?:rounded|light|"
    r"dark|plaintext|flush|color)|select-(?:sm|lg)|range|check-(?:single|highlight|logo|description))|input-group-"
    r"|progress-(?:background|separated|stacked|steps|xs|xl)|progressbg|alert-(?:avatar|blue|azure|indigo|purple|pink|"
    r"red|orange|yellow|lime|green|teal|cyan|gray|muted|primary|secondary|light|dark|info)|status-(?:dot|indicator|lite)"
    r"|\.navbar|\.dropdown|\.modal|\.nav-|\.offcanvas|\.accordion|\.list-group|\.tom-|\.ts-|\.dropzone|\.steps|\.apexcharts"
)
_PROPERTY = re.compile(r"(--[\w-]+):[^;{}]*(?:\{[^}]*\})?;?")
_DARK = "[data-bs-theme=dark]"


def main(_: list[str]) -> int:
    """Fetch, trim, write; return 0."""
    with tempfile.TemporaryDirectory() as folder:
        found = {name: _fetched(name, version, Path(folder)) for name, version in _PACKAGES.items()}
        _write(found)
    return 0


def _fetched(name: str, version: str, folder: Path) -> Path:
    """Return the folder of a package: npm checks what it got against what its registry says."""
    place = folder / name.replace("/", "-")
    place.mkdir()
    command = ["npm", "pack", f"{name}@{version}", "--silent", "--pack-destination", str(place)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (archive,) = place.glob("*.tgz")
    with tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
    return place / "package"


def _write(found: dict[str, Path]) -> None:
    css = found["@tabler/core"] / "dist" / "css"
    taken = {
        ASSETS / "tabler.css": ("@tabler/core", _light(trimmed((css / "tabler.min.css").read_text("utf-8")))),
        ASSETS / "tabler.rtl.css": ("@tabler/core", _light(trimmed((css / "tabler.rtl.min.css").read_text("utf-8")))),
        ASSETS / "tabler-dark.css": ("@tabler/core", _dark(trimmed((css / "tabler.min.css").read_text("utf-8")))),
        ASSETS / "icons.json": ("@tabler/icons", _icons(found["@tabler/icons"] / "icons" / "outline")),
        ASSETS / "htmx.js": ("htmx.org", (found["htmx.org"] / "dist" / "htmx.min.js").read_text("utf-8")),
        _AXE / "axe.min.js": ("axe-core", (found["axe-core"] / "axe.min.js").read_text("utf-8")),
    }
    lines = ["# Written by: python -m tools vendor. What is here of others' work; each file keeps its notice.\n"]
    for path, (package, text) in taken.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        content = re.sub(r"/[*/]# sourceMappingURL=[^*\n]*(\*/)?\n?", "", text).encode("utf-8")
        path.write_bytes(content)
        if path.parent == ASSETS:
            lines.append(_entry(path, package, found[package], content))
    (ASSETS / "vendored.toml").write_text("".join(lines), "utf-8")


def _icons(folder: Path) -> str:
    """Return the drawings by name, without the frame that is the same for all (24 by 24, strokes of 2)."""
    drawn = {name: (folder / f"{name}.svg").read_text("utf-8") for name in _ICONS}
    inner = {name: "".join(re.findall(r"<(?:path|circle|rect)[^>]*/>", text)) for name, text in drawn.items()}
    return json.dumps(inner, indent=1) + "\n"


def _entry(path: Path, package: str, folder: Path, content: bytes) -> str:
    about = json.loads((folder / "package.json").read_text("utf-8"))
    # npm's name for the zero-clause licence is its own; SPDX calls it 0BSD.
    licence = {"BSD-0-Clause": "0BSD"}.get(about["license"], about["license"])
    told = {
        "package": package,
        "version": about["version"],
        "licence": licence,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return f'\n["{path.name}"]\n' + "".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items())


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Return the rules of a style sheet as (selector or at-rule, body); at-rules without a body have ""."""
    at = 0
    while at < len(css):
        opened, ended = css.find("{", at), css.find(";", at)
        if opened < 0:
            return
        if 0 <= ended < opened:
            yield css[at:ended].strip(), ""
            at = ended + 1
            continue
        closed = _closing(css, opened)
        yield css[at:opened].strip(), css[opened + 1 : closed]
        at = closed + 1


def _closing(css: str, opened: int) -> int:
    """Return where the brace that opens there is closed."""
    depth = 0
    for match in re.compile(r"\"(?:[^\"\\]|\\.)*\"|[{}]").finditer(css, opened):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.start()
    raise ValueError("a brace is never closed")


def trimmed(css: str) -> str:
    """Return a style sheet with those rules only that apply to what we use."""
    notice = re.match(r'(?:@charset "UTF-8";)?(/\*!.*?\*/)', css, re.DOTALL)
    plain = re.sub(r"/\*.*?\*/", "", css.removeprefix('@charset "UTF-8";'), flags=re.DOTALL)
    kept = "".join(_kept(plain))
    return (notice[1] if notice else "") + "\n" + _without_unused_names(kept)


def _kept(css: str) -> Iterator[str]:
    for head, body in rules(css):
        if head.startswith(("@media", "@supports")):
            inner = "".join(_kept(body))
            if inner and "print" not in head:
                yield f"{head}{{{inner}}}"
        elif head.startswith("@keyframes"):
            if "progress" in head:
                yield f"{head}{{{body}}}"
        elif not head.startswith("@"):
            selectors = [selector for selector in _selectors(head) if _is_used(selector)]
            if selectors:
                yield f"{','.join(selectors)}{{{body}}}"


def _selectors(head: str) -> list[str]:
    """Return the selectors of a rule: commas within brackets part nothing."""
    parts, depth, begin = [], 0, 0
    for index, character in enumerate(head):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(head[begin:index])
            begin = index + 1
    return [*parts, head[begin:]]


def _is_used(selector: str) -> bool:
    classes = re.findall(r"\.-?[a-zA-Z_][\w-]*", selector)
    if _LEFT_OUT.search(selector) or "data-theme" in selector or "body[data" in selector or "html[data" in selector:
        return False
    return all(_KEPT.fullmatch(name) for name in classes)


def _without_unused_names(css: str) -> str:
    """Return a style sheet without the custom properties that nothing in it uses, until there are no more."""
    while True:
        used = set(re.findall(r"var\(\s*(--[\w-]+)", css))
        slim = _PROPERTY.sub(functools.partial(_if_used, used), css)
        if slim == css:
            return css
        css = slim


def _if_used(used: set[str], match: re.Match[str]) -> str:
    return match[0] if match[1] in used or "url(" in match[0] else ""


def _is_dark(selector: str) -> bool:
    return _DARK in selector


def _light(css: str) -> str:
    return _only(css, dark=False)


def _dark(css: str) -> str:
    return _only(css, dark=True).replace(f":root{_DARK}", ":root").replace(_DARK, ":root")


def _only(css: str, dark: bool) -> str:
    notice, ending, rest = css.partition("*/\n")
    return notice + ending + "".join(_chosen(rest, dark))


def _chosen(css: str, dark: bool) -> Iterator[str]:
    for head, body in rules(css):
        if head.startswith(("@media", "@supports")):
            inner = "".join(_chosen(body, dark))
            if inner:
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            if not dark:
                yield f"{head}{{{body}}}"
        else:
            selectors = [selector for selector in _selectors(head) if _is_dark(selector) is dark]
            if selectors:
                yield f"{','.join(selectors)}{{{body}}}"
