"""The console against the real suite: what it shows, and whom it turns away."""

import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.look.policy import CONTENT_SECURITY_POLICY
from garrison.wire.client import folder_of, short_address
from garrison.wire.golden import golden
from tests.console.browser import Browser, Reply, unknown_ticket
from tests.daemon.live import Live, call
from tests.engine.samples import EICAR

PAGES = (
    "/", "/issues", "/scan", "/quarantine", "/jobs", "/protection", "/databases", "/reports", "/inbox", "/settings",
    "/about", "/nothing", *(f"/protection/{manifest.id}" for manifest in golden() if manifest.id != "suite"),
    *(f"/settings/{manifest.id}" for manifest in golden() if manifest.settings),
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown_under_the_policy(signed_in: Browser, path: str) -> None:
    reply = signed_in.get(path)
    assert reply.status == (404 if path == "/nothing" else 200), reply.text
    assert reply.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert reply.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", reply.text)
    assert set(re.findall(r'(?:href|src|action)="([^"]*)"', reply.text)) == {
        address
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', reply.text)
        if address[:1] in {"/", "#", "?"}
    }
    assert reply.text.count("<h1") == 1


def test_a_page_is_small_and_its_assets_are_kept_for_good(signed_in: Browser) -> None:
    page = signed_in.get("/protection/scan", Accept_Encoding="gzip")
    total = int(page.headers["content-length"])
    plain = signed_in.get("/protection/scan").text
    for address in set(re.findall(r'"(/assets/[^"]+)"', plain)):
        asset = signed_in.get(address, Accept_Encoding="gzip")
        assert asset.status == 200
        assert "immutable" in asset.headers["cache-control"]
        total += int(asset.headers["content-length"])
    assert total < 150 * 1024
    assert signed_in.get("/assets/garrison.000000000000.css").status == 404


def test_the_link_works_once_and_leaves_no_secret_in_an_address(suite: Live) -> None:
    browser = Browser(suite.home)
    path = browser.link()
    first = browser.get(path)
    assert (first.status, first.location) == (303, "/")
    for flag in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert flag in first.cookies[0]
    thief = browser.get(path)
    assert thief.status == 401
    assert not any("garrison-console" in cookie and "Max-Age=0" not in cookie for cookie in thief.cookies)
    assert browser.get(unknown_ticket()).status == 401
    assert [why for why in browser.refusals() if "one-time link" in why]
    assert browser.get("/").status == 401  # without the cookie
    browser.cookie = "garrison-console=stolen"
    assert browser.get("/").status == 401


_FORM = {"Transfer-Encoding": "chunked", "Content-Type": "application/x-www-form-urlencoded"}


def _foreign_origin(browser: Browser) -> Reply:
    return browser.post("/do/self-test.check", Origin="http://evil.example")


def _foreign_page(browser: Browser) -> Reply:
    return browser.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty")


def _rebound_name(browser: Browser) -> Reply:
    return browser.get("/", Host=f"evil.example:{browser.port}")


def _wrong_port(browser: Browser) -> Reply:
    return browser.get("/", Host="127.0.0.1:1")


def _no_token(browser: Browser) -> Reply:
    return browser.post("/do/self-test.check", csrf="")


def _wrong_token(browser: Browser) -> Reply:
    return browser.post("/settings/scan", csrf="0" * 64)


def _too_long(browser: Browser) -> Reply:
    return browser.send("POST", "/do/self-test.check", None, {"Content-Length": str(2**30)})


def _endless(browser: Browser) -> Reply:
    return browser.send("POST", "/do/self-test.check", iter([b"a" * 70_000] * 16), _FORM)


def _no_form(browser: Browser) -> Reply:
    return browser.post("/do/self-test.check", Content_Type="application/json")


def _strange_method(browser: Browser) -> Reply:
    return browser.send("DELETE", "/do/self-test.check", None, {})


@pytest.mark.parametrize(
    ("attack", "status", "words"),
    [
        (_foreign_origin, 403, "another site (http://evil.example)"),
        (_foreign_page, 403, "another site (cross-site)"),
        (_rebound_name, 421, "addressed to evil.example"),
        (_wrong_port, 421, "addressed to 127.0.0.1:1,"),
        (_no_token, 403, "token of a page"),
        (_wrong_token, 403, "token of a page"),
        (_too_long, 413, "too long"),
        (_endless, 413, "too long"),
        (_no_form, 400, "malformed"),
        (_strange_method, 405, "malformed"),
    ],
)
def test_what_no_page_of_ours_asks_for_is_refused_and_written_down(
    signed_in: Browser, attack: Callable[[Browser], Reply], status: int, words: str
) -> None:
    before = len([why for why in signed_in.refusals() if words in why])
    reply = attack(signed_in)
    assert reply.status == status
    assert reply.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert len([why for why in signed_in.refusals() if words in why]) == before + 1


def test_frames_that_are_no_requests_are_refused_at_the_door_and_written_down(suite: Live) -> None:
    for line in (b"x" * 5_000_000 + b"\n", b"garbage\n", b'{"call": "suite.status"}\n', b'{"id": 1}\n'):
        with socket.socket(socket.AF_UNIX) as raw, folder_of(suite.home.socket) as folder:
            raw.settimeout(20)
            raw.connect(short_address(folder, suite.home.socket.name))
            raw.recv(4096)  # the greeting
            try:
                raw.sendall(line)
            except OSError:  # it was too long, and is not read to its end
                continue
            assert b"error" in raw.recv(4096)
    rows = call(suite.home, "suite.journal", text="FrameRefused", limit=50) or call(
        suite.home, "suite.journal", limit=50
    )
    outcomes = {row["details"]["outcome"] for row in rows if row["name"] == "FrameRefused"}
    assert outcomes == {"too long", "no JSON object", "no number", "no operation"}


def test_a_scan_is_started_followed_and_its_finding_dealt_with(signed_in: Browser, tmp_path: Path) -> None:
    bad = tmp_path / "invoice.com"
    bad.write_bytes(EICAR)
    reply = signed_in.post("/do/scan.files", {"paths": str(bad), "action": "report", "next": "/scan"})
    assert reply.status == 303
    page = _when_done(signed_in, reply.location)
    assert "EICAR-Test-File" in page
    deed = signed_in.post("/scan/findings", {"pick": str(bad), "deed": "quarantine", "next": "/quarantine"})
    assert (deed.status, deed.location) == (303, "/quarantine")
    assert not bad.exists()
    held = signed_in.get("/quarantine").text
    (name,) = re.findall(r'name="pick" value="([^"]+)"', held)
    sure = signed_in.post("/scan/findings", {"pick": name, "deed": "delete", "next": "/quarantine"})
    assert "cannot be brought back" in sure.text
    signed_in.post("/scan/findings", {"pick": name, "deed": "restore", "next": "/quarantine"})
    assert bad.read_bytes() == EICAR
    unknown = {"pick": str(bad), "deed": "quarantine", "next": "/quarantine"}  # it was not left there by a scan
    signed_in.post("/scan/findings", unknown)
    assert "is not among the threats left in place" in signed_in.get("/quarantine").text
    again = signed_in.post("/do/scan.files", {"paths": str(bad), "action": "report", "every": "true", "next": "/scan"})
    _when_done(signed_in, again.location)
    signed_in.post("/scan/findings", {"pick": str(bad), "deed": "false-alarm-in-place", "next": "/quarantine"})
    assert bad.read_bytes() == EICAR
    page = signed_in.get("/quarantine").text
    (number,) = re.findall(r'/do/exclusions.remove".*?name="id" value="(\d+)"', page, re.DOTALL)
    signed_in.post("/do/exclusions.remove", {"id": number, "next": "/quarantine"})
    assert "Nothing is left out" in signed_in.get("/quarantine").text


def test_hostile_names_do_no_harm_and_are_dealt_with(signed_in: Browser, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe<img src=x onerror=alert(1)>&\"'\n\xe2\x80\xae .com"
    with open(name, "wb") as file:
        file.write(EICAR)
    reply = signed_in.post("/do/scan.files", {"paths": str(tmp_path), "action": "report", "next": "/scan"})
    page = _when_done(signed_in, reply.location)
    assert "<img src=x" not in page
    assert "\\xff\\xfe&lt;img" in page
    assert "\u202e" not in page
    picked = re.findall(r'name="pick" value="([^"]+)"', page)
    assert len(picked) == 1
    signed_in.post("/scan/findings", {"pick": picked[0], "deed": "quarantine", "next": "/quarantine"})
    assert "Done for 1 file." in signed_in.get("/quarantine").text
    assert os.listdir(tmp_path) == []
    assert signed_in.post("/do/scan.identify", [("file", b"\xff\xfe")]).status == 400


def _when_done(browser: Browser, address: str) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        page = browser.get(address).text
        if "data-events" not in page:
            return page
        time.sleep(0.05)
    raise AssertionError("the task did not end")


def test_progress_arrives_as_it_happens(signed_in: Browser) -> None:
    reply = signed_in.post("/do/self-test.check", {"next": "/"})
    events = signed_in.get(reply.location.partition("?")[0] + "/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    assert events.text.endswith("event: over\ndata: over\n\n")


def test_every_mistake_in_settings_is_named_and_nothing_is_saved(signed_in: Browser, suite: Live) -> None:
    before = call(suite.home, "suite.settings-list", component="scan")
    reply = signed_in.post("/settings/scan", {"depth": "900", "ratio": "many", "members": "77", "enabled": "true"})
    assert reply.status == 400
    assert "2 settings are not right" in reply.text
    assert reply.text.count('class="wrong"') == 2
    assert 'value="900"' in reply.text
    assert call(suite.home, "suite.settings-list", component="scan") == before
    good = signed_in.post("/settings/scan", {"members": "77", "exclude_names": "A\nB", "next": "/settings/scan"})
    assert (good.status, good.location) == (303, "/settings/scan")
    assert "Changed: exclude_names, members." in signed_in.get("/settings/scan").text
    assert call(suite.home, "suite.settings-get", name="scan.exclude_names")["value"] == ["A", "B"]
    signed_in.post("/settings/scan", {"exclude_names": "", "members": "10000"})
    assert call(suite.home, "suite.settings-get", name="scan.exclude_names")["value"] == []


def test_what_lowers_protection_is_asked_first(signed_in: Browser, suite: Live) -> None:
    asked = signed_in.post("/do/suite.stop", {"component": "privacy", "next": "/protection/privacy"})
    assert "lowers the protection" in asked.text
    assert call(suite.home, "suite.settings-get", name="privacy.enabled")["value"] is True
    done = signed_in.post("/do/suite.stop", {"component": "privacy", "sure": "1", "next": "/protection/privacy"})
    assert done.location == "/protection/privacy"
    assert "is switched off" in signed_in.get("/issues").text
    signed_in.post("/do/suite.issue-ignore", {"issue": "privacy.off", "next": "/issues"})
    assert "1 issue is ignored" in signed_in.get("/issues").text
    signed_in.post("/do/suite.issue-show", {"issue": "privacy.off", "next": "/issues"})
    signed_in.post("/do/suite.fix", {"issue": "privacy.off", "next": "/issues"})
    assert call(suite.home, "suite.settings-get", name="privacy.enabled")["value"] is True


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "/\n"]
)
def test_no_form_leads_elsewhere(signed_in: Browser, address: str) -> None:
    assert signed_in.post("/do/suite.sign-in", {"next": address}).location == "/"


def test_preferences_are_kept_by_the_browser(signed_in: Browser) -> None:
    reply = signed_in.post("/preferences", {"scheme": "dark", "next": "/about"})
    assert (reply.status, reply.location) == (303, "/about")
    dark = signed_in.get("/about", Cookie=f"{signed_in.cookie}; scheme=dark").text
    assert 'data-scheme="dark"' in dark
    assert re.search(r'tabler-dark\.[0-9a-f]{12}\.css" media="all"', dark)


def test_signing_out_ends_the_session(signed_in: Browser, suite: Live) -> None:
    browser = Browser(suite.home).sign_in()
    assert browser.post("/sign-out").status == 303
    assert browser.get("/").status == 401
    again = Browser(suite.home).sign_in()
    call(suite.home, "console.sign-out-everywhere")
    assert again.get("/").status == 401
    signed_in.cookie = ""
    signed_in.sign_in()  # for the tests that follow


_HARMLESS = [
    operation.id
    for manifest in golden()
    for operation in manifest.operations
    if not operation.is_task
    and operation.id not in {"suite.shutdown", "console.sign-out-everywhere", "suite.password-set", "suite.sign-in-on"}
]
_TYPED = st.one_of(
    st.text(max_size=60), st.sampled_from(["", "0", "-1", "9" * 40, "true", "/", "/etc/passwd", "../..", "\x00"])
)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_form_whatever_it_sends_breaks_anything(suite: Live, data: st.DataObject) -> None:
    """A property test over the whole of the API: each operation, with what no form of ours would send."""
    browser = _Shared.of(suite)
    operation = data.draw(st.sampled_from(_HARMLESS))
    known = next(o for m in golden() for o in m.operations if o.id == operation)
    names = st.sampled_from([value.name for value in known.parameters] or ["none"])
    pairs: list[tuple[str, Any]] = data.draw(
        st.lists(st.tuples(st.one_of(names, st.text(max_size=9)), _TYPED), max_size=6)
    )
    sent = [
        (name.encode("utf-8", "replace"), value.encode("utf-8", "replace"))
        for name, value in pairs
        if name not in {"sure", "csrf"}
    ]
    for reply in (browser.post(f"/do/{operation}", sent), browser.get(f"/ask/{operation}?none=1")):
        assert reply.status < 500 or reply.status == 503 or "defect" not in reply.text, (
            operation,
            sent,
            reply.text[-900:],
        )
        assert reply.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


class _Shared:
    browsers: dict[int, Browser] = {}  # noqa: RUF012 # one for each suite

    @classmethod
    def of(cls, suite: Live) -> Browser:
        browser = cls.browsers.setdefault(id(suite), Browser(suite.home))
        if not browser.cookie or browser.get("/about").status != 200:
            browser.cookie = ""
            browser.sign_in()
        return browser


@pytest.mark.parametrize(
    ("language", "said"), [("en", "There is no scan 987654."), ("de", "Es gibt keinen Scan 987654.")]
)
def test_what_went_wrong_is_said_in_the_readers_language(signed_in: Browser, language: str, said: str) -> None:
    reply = signed_in.get(f"/scan/past/987654?lang={language}")
    assert reply.status == 404
    assert said in reply.text
