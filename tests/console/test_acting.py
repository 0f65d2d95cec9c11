"""Operations that ask for the password first."""

import re
import time

from tests.console.browser import Browser, Reply
from tests.daemon.live import Live, call

_PASSWORD = "Correct-Horse-7"


def test_what_the_password_protects_is_done_once_it_was_told(signed_in: Browser, suite: Live) -> None:
    call(suite.home, "suite.password-set", password=_PASSWORD)
    try:
        form = {"component": "privacy", "sure": "1", "next": "/protection/privacy"}
        asked = signed_in.post("/do/suite.stop", form)
        assert asked.status == 401
        assert "This needs the password" in asked.text
        carried = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', asked.text))
        assert form.items() <= carried.items()
        assert _PASSWORD not in asked.text
        wrong = signed_in.post("/do/suite.stop", {**form, "unlock-password": "Wrong-Horse-7"})
        assert (wrong.status, "The password is wrong." in wrong.text) == (401, True)
        assert call(suite.home, "suite.settings-get", name="privacy.enabled")["value"] is True
        right = _patiently(signed_in, {**form, "unlock-password": _PASSWORD})
        assert right.location == "/protection/privacy"
        assert call(suite.home, "suite.settings-get", name="privacy.enabled")["value"] is False
        assert (
            signed_in.post("/do/suite.start", {"component": "privacy", "next": "/"}).status == 303
        )  # for five minutes
    finally:
        removal = {"sure": "1", "next": "/", "unlock-password": _PASSWORD}
        assert signed_in.post("/do/suite.password-remove", removal).status == 303


def _patiently(browser: Browser, form: dict[str, str]) -> Reply:
    """Tell the right password; after a wrong one it is not listened to for a moment."""
    for _ in range(100):
        reply = browser.post("/do/suite.stop", form)
        if reply.status != 401:
            break
        time.sleep(0.1)
    return reply
