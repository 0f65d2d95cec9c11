"""How long a person looks at nothing: the console's first page in a browser, beside the same page as plain files.

The peer is Python's own file server with what the console had sent: no door, no status, no session. What the console's
page takes longer is what putting it together costs.
"""

import http.server
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench._pairs import need, row, run

ROUNDS = 9
_LIMIT_MS = 300.0
_LIMIT_KIB = 150.0
_SETTLING_MS = 250  # until the browser has told of all it loaded
_CLI = [sys.executable, "-I", "-m", "garrison.cli"]
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_PAINTED = "performance.getEntriesByType('paint').find((each) => each.name === 'first-contentful-paint')?.startTime"
_SENT = """performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
  .reduce((sum, each) => sum + each.encodedBodySize, 0)"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def measure() -> dict[str, Any]:
    """Return rows: milliseconds to the first paint of Home with a warm cache, and what the heaviest page weighs."""
    program = need("chromium", "chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        env = {**os.environ, "GARRISON_HOME": f"{folder}/home"}
        run([*_CLI, "start", "--no-scan"], env=env)
        try:
            browser = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
            said = subprocess.run(
                [*_CLI, "console", "--print-url"], env=env, capture_output=True, text=True, check=True
            )
            page = browser.new_page()
            page.goto(said.stdout.strip())
            rows = _rows(page, Path(folder) / "plain")
            browser.close()
        finally:
            run([*_CLI, "stop"], env=env)
    return {"rows": rows, "detections": [], "cores": os.cpu_count()}


def _rows(page: Page, folder: Path) -> list[dict[str, Any]]:
    home = page.url
    _keep(page, folder)
    heaviest = max(_weight(page, home, path) for path in _paths(page))
    with _served(folder) as plain:
        plain_weight = _weight(page, plain, "")
        pairs = [(_painted(page, home), _painted(page, plain)) for _ in range(ROUNDS + 1)][1:]
    ours, theirs = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    peer = f"http.server of Python {sys.version.split()[0]}"
    return [
        row(
            "first paint of Home, warm cache", ours, theirs, peer_version=peer, unit="ms wall",
            target=f"under {_LIMIT_MS:g} ms", met=ours < _LIMIT_MS, rounds=ROUNDS,
        ),
        row(
            "the heaviest page with all it needs, as sent", heaviest, plain_weight, peer_version=peer, unit="KiB",
            target=f"under {_LIMIT_KIB:g} KiB", met=heaviest < _LIMIT_KIB, rounds=1,
        ),
    ]  # fmt: skip


def _keep(page: Page, folder: Path) -> None:
    """Write Home and its assets down as plain files."""
    content = page.content()
    for address in set(re.findall(r'"(/assets/[^"]+)"', content)):
        place = folder / address.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(page.request.get(page.url.rstrip("/") + address).body())
    (folder / "index.html").write_text(content, "utf-8")


def _paths(page: Page) -> list[str]:
    """Return the addresses of the menu, and of every component."""
    found: list[str] = page.eval_on_selector_all("a[href^='/']", "links => links.map((each) => each.pathname)")
    page.goto(page.url.rstrip("/") + "/protection")
    found += page.eval_on_selector_all("a[href^='/protection/']", "links => links.map((each) => each.pathname)")
    return sorted(set(found))


def _weight(page: Page, base: str, path: str) -> float:
    """Return the KiB that a page and all it needs take as sent, or took when the browser kept them."""
    page.goto(base.rstrip("/") + "/" + path.lstrip("/"))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(_SETTLING_MS)
    sent: float = page.evaluate(_SENT)
    return sent / 1024


def _painted(page: Page, address: str) -> float:
    """Return the milliseconds from the address to the first paint."""
    page.goto(address)
    while (painted := page.evaluate(_PAINTED)) is None:
        page.wait_for_timeout(5)
    return float(painted)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve plain files; yield their address."""
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
