"""The inbox: notices stand in it until they are read."""

from tests.console.browser import Browser
from tests.daemon.live import Live, call

NOTICE = "This is a test of Garrison"


def test_a_notice_is_read_in_the_inbox(suite: Live, signed_in: Browser) -> None:
    call(suite.home, "notifications.test", way="desktop")
    page = signed_in.get("/inbox").text
    unread = page.partition('id="unread"')[2].partition("</section>")[0]
    assert NOTICE in unread
    assert "Mark all as read" in unread
    reply = signed_in.post("/do/suite.inbox-read", {"next": "/inbox"})
    assert reply.status in {200, 303}, reply.text
    page = signed_in.get("/inbox").text
    assert 'id="unread"' not in page
    assert NOTICE in page.partition('id="read"')[2]
