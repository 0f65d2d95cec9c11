"""Who is told what, and how: every setting counts, nothing is lost, and what goes wrong is told."""

import asyncio
import hashlib
import hmac
import json
from datetime import timedelta
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import pytest

from garrison import sdk
from garrison.base.errors import Failed, Invalid, NotFound, Refused, Unavailable
from garrison.components.notifications.settings import NotificationsSettings
from garrison.sdk import Caller
from tests.components.notifications.staging import ME, Aged, Ended, Found, Office, office, running, until
from tests.fetch.mail_servers import MailServer
from tests.fetch.servers import Server, status

ANNA = Caller(1001, 1001)


def by_mail(server: MailServer, **more: Any) -> dict[str, Any]:
    near = {"email_server": "127.0.0.1", "email_port": server.port, "email_security": "none"}
    return {**near, "email_to": ["b@example.org"], **more}


class TestKinds:
    @pytest.mark.parametrize(
        ("event", "kind"),
        [(Found(what="x"), "critical"), (Aged(what="x"), "important"), (Ended(what="x"), "informational")],
    )
    def test_each_kind_is_told_by_its_own_ways(self, tmp_path: Path, event: sdk.Event, kind: str) -> None:
        with Server({"/hook": status(200)}) as server:
            with office(tmp_path / "on", webhook=server.url("/hook"), **{kind: ["webhook"]}) as on:
                on.hear(event)
                on.deliver()
                assert len(server.asked) == 1
                assert [each.on_desktop for each in on.board.all(ME)] == [False]
            with office(tmp_path / "off", webhook=server.url("/hook"), **{kind: []}) as off:
                off.hear(event)
                off.deliver()
            assert len(server.asked) == 1

    def test_the_inbox_keeps_all_but_information_whatever_else_is_told(self, tmp_path: Path) -> None:
        with office(tmp_path, critical=[], important=[]) as of:
            of.hear(Found(what="a"), Aged(what="b"), Ended(what="c"))
            assert of.inbox() == ["Found a", "b is old"]
            assert not any(each.on_desktop for each in of.board.all(ME))

    def test_what_is_written_down_of_requests_is_no_news(self, tmp_path: Path) -> None:
        class RequestMade(Ended):
            pass

        with office(tmp_path, informational=["desktop"]) as of:
            of.hear(RequestMade(what="a"), component="privacy")
            assert of.inbox() == []


class TestRules:
    def test_a_component_or_an_event_is_muted_until_it_is_unmuted(self, tmp_path: Path) -> None:
        with office(tmp_path, repeat_minutes=0) as of:
            assert "no more of updates" in str(of.ask("mute", what="updates").sentences()[0])
            of.ask("mute", what="updates")
            of.hear(Aged(what="a"), Found(what="b"))
            assert of.inbox() == ["Found b"]  # what is critical is told always
            of.hear(Aged(what="c"), component="scan")
            of.hear(Aged(what="d"), owner=ANNA.uid)
            assert of.inbox() == ["Found b", "c is old"]
            assert [str(each.text) for each in of.board.all(ANNA)] == ["d is old"]  # her own affair
        with office(tmp_path, repeat_minutes=0) as of:  # after a restart
            assert [row.what for row in of.ask("list")] == ["updates"]
            with pytest.raises(NotFound):
                of.ask("unmute", what="scan")
            assert of.ask("unmute", what="updates").count == 1
            of.hear(Aged(what="e"))
            assert of.inbox()[-1] == "e is old"
            of.ask("mute", what="scan.ScanFinished")
            of.ask("mute", what="scan")
            assert of.ask("unmute").count == 2

    def test_an_account_mutes_its_own_desktop_and_nobody_elses_mail(self, tmp_path: Path) -> None:
        with Server({"/hook": status(200)}) as server, office(tmp_path, webhook=server.url("/hook")) as of:
            of.ask("mute", what="updates", caller=ANNA)
            of.hear(Aged(what="a"), owner=ANNA.uid)
            of.deliver()
            assert of.board.all(ANNA) == []
            assert len(server.asked) == 1

    @pytest.mark.parametrize("what", ["nobody", "updates.Nothing", "", "\udcff", "x" * 300])
    def test_what_there_is_not_cannot_be_muted(self, tmp_path: Path, what: str) -> None:
        with office(tmp_path) as of, pytest.raises(Invalid):
            of.ask("mute", what=what)

    def test_what_is_critical_cannot_be_muted_by_itself(self, tmp_path: Path) -> None:
        with office(tmp_path) as of, pytest.raises(Refused, match="critical"):
            of.ask("mute", what="scan.ThreatFound")


class TestGathering:
    def test_more_of_the_same_kind_is_told_once_with_its_number(self, tmp_path: Path) -> None:
        with office(tmp_path, repeat_minutes=5) as of:
            of.hear(*(Found(what=str(number)) for number in range(14)))
            of.hear(Aged(what="other"))
            assert of.inbox() == ["Found 0", "other is old"]
            of.clock.advance(timedelta(minutes=5))

            async def summed() -> None:
                await until(lambda: len(of.inbox()) == 3)

            running(of, summed)
            assert of.inbox()[-1] == "Found 13, and 12 more of this kind"

    def test_what_is_held_back_when_the_suite_ends_is_told_before(self, tmp_path: Path) -> None:
        with office(tmp_path, repeat_minutes=5) as of:

            async def nothing() -> None:
                for number in range(2):
                    of.staged.host.to_hear.put_nowait(("updates", Aged(what=str(number))))
                await until(lambda: of.inbox() == ["0 is old"] and of.staged.host.to_hear.empty())

            running(of, nothing)
            assert of.inbox() == ["0 is old", "1 is old"]

    def test_without_gathering_all_is_told_at_once(self, tmp_path: Path) -> None:
        with office(tmp_path, repeat_minutes=0) as of:
            of.hear(Aged(what="a"), Aged(what="b"))
            assert len(of.inbox()) == 2


def test_the_inbox_is_bounded_as_it_is_set(tmp_path: Path) -> None:
    with office(tmp_path, inbox_most=10, inbox_days=2, repeat_minutes=0) as of:
        of.hear(*(Aged(what=str(number)) for number in range(12)))
        assert len(of.inbox()) == 10
        of.clock.advance(timedelta(days=3))
        of.hear(Aged(what="last"))
        assert of.inbox() == ["last is old"]


class TestMail:
    def test_a_letter_is_one_that_programs_and_people_understand(self, tmp_path: Path) -> None:
        with MailServer() as server:
            near = by_mail(server, email_to=["b@example.org", "c@example.org"], email_from="ü garrison@example.org")
            with office(tmp_path / "wrong", **near) as of, pytest.raises(Invalid, match="no address"):
                of.ask("test", way="e-mail")
            near["email_from"] = "garrison@example.org"
            with office(tmp_path, **near, email_user="ann", email_password="s3cret") as of:
                of.hear(Found(what="ü\n\udcff\x1b"))
                of.deliver()
                assert of.component._outbox.waiting == []
        assert [to for to, _ in server.letters] == ["b@example.org", "c@example.org"]
        assert server.sign_ins == [("ann", "s3cret")] * 2
        letter = message_from_string(server.letters[0][1], policy=policy.default)
        assert (letter["From"], letter["To"]) == ("Garrison <garrison@example.org>", "b@example.org")
        assert letter["Subject"].endswith("] Found ü\\x0a\\xff\\x1b")
        assert "Found ü\\x0a\\xff\\x1b" in letter.get_content()
        assert letter["Auto-Submitted"] == "auto-generated"

    def test_without_a_sender_the_first_recipient_is_it(self, tmp_path: Path) -> None:
        with MailServer() as server, office(tmp_path, **by_mail(server)) as of:
            of.ask("test", way="e-mail")
            assert "From: Garrison <b@example.org>" in server.letters[0][1]

    def test_the_line_is_encrypted_unless_it_is_said_otherwise(self, tmp_path: Path) -> None:
        with MailServer() as server:
            near = by_mail(server)
            del near["email_security"]
            with office(tmp_path, **near) as of, pytest.raises(Failed, match="does not encrypt"):
                of.ask("test", way="e-mail")

    def test_messages_are_written_in_the_language_that_is_set(self, tmp_path: Path) -> None:
        class SettingChanged(Ended):
            says = "The file {path} cannot be read."
            path: str

        with (
            MailServer() as server,
            office(tmp_path, **by_mail(server, informational=["e-mail"], repeat_minutes=0)) as of,
        ):
            of.hear(SettingChanged(what="", path="/a"), component="suite")
            of.staged.host.results["suite.settings-get"] = {"value": "de"}
            of.hear(SettingChanged(what="", path="/b"), component="suite")
            of.deliver()
        texts = [message_from_string(each, policy=policy.default).get_content() for _, each in server.letters]
        assert "The file /a cannot be read." in texts[0]
        assert "Die Datei /b" in texts[1]

    @pytest.mark.parametrize("is_wanted", [True, False])
    def test_the_weekly_letter_goes_out_whole_if_it_is_wanted(self, tmp_path: Path, is_wanted: bool) -> None:
        class LetterReady(Ended):
            pass

        with MailServer() as server, office(tmp_path, **by_mail(server, letter=is_wanted)) as of:
            letter = {"subject": "Your week", "text": "You are protected.", "html": "<h1>You are protected.</h1>"}
            of.staged.host.results["suite.report-letter"] = letter
            of.hear(LetterReady(what="x"), component="suite")
            of.deliver()
            assert of.inbox() == []
        assert len(server.letters) == is_wanted
        if is_wanted:
            read = message_from_string(server.letters[0][1], policy=policy.default)
            plain, page = read.get_body(("plain",)), read.get_body(("html",))
            assert plain is not None
            assert page is not None
            assert "You are protected." in plain.get_content()
            assert "<h1>You are protected.</h1>" in page.get_content()


class TestPosts:
    def test_a_webhook_gets_json_signed_with_the_secret(self, tmp_path: Path) -> None:
        with (
            Server({"/hook": status(200)}) as server,
            office(tmp_path, webhook=server.url("/hook"), webhook_secret="s3cret") as of,
        ):
            of.hear(Found(what="ü"))
            of.deliver()
        (asked,) = server.asked
        plain = json.loads(asked.body)
        assert (plain["severity"], plain["component"], plain["event"]) == ("critical", "updates", "Found")
        assert plain["text"] == "Found ü"
        signature = hmac.new(b"s3cret", asked.body, hashlib.sha256).hexdigest()
        assert asked.headers["x-garrison-signature"] == f"sha256={signature}"
        assert b"s3cret" not in asked.body

    def test_without_a_secret_nothing_is_signed(self, tmp_path: Path) -> None:
        with Server({"/hook": status(200)}) as server, office(tmp_path, webhook=server.url("/hook")) as of:
            of.ask("test", way="webhook")
            assert "x-garrison-signature" not in server.asked[0].headers

    def test_ntfy_gets_the_text_and_how_much_it_matters(self, tmp_path: Path) -> None:
        with Server({"/office": status(200)}) as server:
            with office(tmp_path, ntfy=server.url("/office"), ntfy_token="tk_1", repeat_minutes=0) as of:
                of.hear(Found(what="ü"), Aged(what="x"))
                of.deliver()
            with office(tmp_path / "open", ntfy=server.url("/office")) as of:
                of.ask("test", way="ntfy")
        first, second, third = server.asked
        assert (first.body.decode(), first.headers["priority"]) == ("Found ü", "5")
        assert second.headers["priority"] == "4"
        assert first.headers["authorization"] == "Bearer tk_1"
        assert "authorization" not in third.headers


class TestWhatFails:
    def test_it_is_kept_over_restarts_tried_with_growing_delays_and_told_as_an_issue(self, tmp_path: Path) -> None:
        with Server({"/hook": status(503)}) as server:
            with office(tmp_path, webhook=server.url("/hook")) as of:
                of.hear(Found(what="x"))
                delays = []
                for _ in range(3):
                    of.deliver()
                    delays.append(of.component._outbox.seconds())
                    of.clock.advance(timedelta(seconds=delays[-1] or 0))
                assert delays == [60, 120, 240]
                assert of.issues[0].startswith("1 message by webhook does not get out: 127.0.0.1 has a problem")
            server.answers["/hook"] = status(200)
            with office(tmp_path, webhook=server.url("/hook")) as of:
                assert of.ask("try-again").count == 1
                of.deliver()
                assert len(server.asked) == 4
                assert of.issues == []
                of.deliver()
                assert len(server.asked) == 4

    def test_what_fails_for_a_week_is_given_up_and_told(self, tmp_path: Path) -> None:
        with office(tmp_path, webhook="http://127.0.0.1:1/hook") as of:
            of.hear(Found(what="x"))
            of.deliver()
            of.clock.advance(timedelta(days=8))
            of.deliver()
            (event,) = of.staged.reported
            assert str(sdk.Text(event.says, **event.model_dump())).startswith("A message by webhook was given up")
            assert of.inbox() == ["Found x"]
            assert of.issues == []

    def test_that_messages_do_not_get_out_is_nothing_to_send_a_message_about(self, tmp_path: Path) -> None:
        with office(tmp_path, webhook="http://127.0.0.1:1/hook") as of:
            of.hear(Aged(what="x"), component="notifications")
            assert of.component._outbox.waiting == []
            assert of.inbox() == ["x is old"]

    def test_nothing_goes_out_without_consent_and_it_goes_when_it_is_given(self, tmp_path: Path) -> None:
        with Server({"/hook": status(200)}) as server, office(tmp_path, webhook=server.url("/hook")) as of:
            of.consent = None
            of.hear(Found(what="x"))
            of.deliver()
            assert of.issues == ["Messages by webhook wait for your consent"]
            assert server.asked == []
            of.ask("test", way="webhook")  # whoever asks for it just now agrees for this one time
            assert len(server.asked) == 1
            of.staged.host.results["suite.consent-give"] = None
            assert of.ask("allow").ways == "webhook"
            assert of.staged.host.calls[-1].arguments == {"purpose": "notifications.webhook"}
            of.consent = True
            of.deliver()
            assert len(server.asked) == 2
            assert of.issues == []
            assert {request.purpose for request in of.ledger} == {"webhook"}

    def test_too_many_make_room_and_that_is_told(self, tmp_path: Path) -> None:
        with office(tmp_path, webhook="http://127.0.0.1:1/hook", repeat_minutes=0) as of:
            of.hear(*(Aged(what=str(number)) for number in range(3)))
            waiting = of.component._outbox.waiting
            of.component._outbox.waiting = waiting * 333
            of.hear(Aged(what="a"), Aged(what="b"))
            assert len(of.component._outbox.waiting) == 1000
            assert len(of.staged.reported) == 1

    @pytest.mark.parametrize("name", ["outbox.json", "rules.json"])
    def test_a_damaged_file_is_begun_anew(self, tmp_path: Path, name: str) -> None:
        with office(tmp_path):
            pass
        for damage in ("{", "[{}]", "[1]", "5"):
            (tmp_path / "home" / "notifications" / name).write_text(damage)
            with office(tmp_path) as of:
                of.ask("mute", what="updates")
                of.hear(Found(what="x"))
                assert of.inbox()[-1] == "Found x"
                of.ask("unmute")


class TestTesting:
    @pytest.mark.parametrize("way", ["e-mail", "webhook", "ntfy"])
    def test_a_way_that_is_not_set_up_is_said(self, tmp_path: Path, way: str) -> None:
        with office(tmp_path) as of, pytest.raises(Invalid, match="is not set up"):
            of.ask("test", way=way)

    def test_only_the_owner_has_messages_sent_out(self, tmp_path: Path) -> None:
        with office(tmp_path, webhook="http://127.0.0.1:1/") as of, pytest.raises(Refused):
            of.ask("test", way="webhook", caller=ANNA)

    def test_why_it_failed_is_said(self, tmp_path: Path) -> None:
        with office(tmp_path, webhook="http://127.0.0.1:1/hook") as of, pytest.raises(Unavailable, match="refused"):
            of.ask("test", way="webhook")

    def test_nothing_set_up_is_nothing_to_agree_to(self, tmp_path: Path) -> None:
        with office(tmp_path) as of, pytest.raises(Invalid):
            of.ask("allow")


class TestWaiting:
    def test_news_come_at_once_and_only_to_whom_they_concern(self, tmp_path: Path) -> None:
        with office(tmp_path, sound=False, tray=False, quiet_full_screen=False) as of:

            async def work() -> None:
                first = await of.staged.ask("wait", seconds=60)
                assert (first.notices, first.colour, first.unread) == ([], "green", 0)
                assert [first.sound, first.tray, first.quiet_full_screen] == [False] * 3
                async with asyncio.timeout(20), asyncio.TaskGroup() as group:
                    asked = group.create_task(of.staged.ask("wait", after=first.newest, colour="green", seconds=60))
                    other = group.create_task(
                        of.staged.ask("wait", caller=ANNA, after=first.newest, colour="green", seconds=1)
                    )
                    await asyncio.sleep(0.05)
                    assert not asked.done()
                    of.staged.host.to_hear.put_nowait(("updates", Found(what="x")))
                assert [(each.kind, each.text) for each in asked.result().notices] == [("updates.Found", "Found x")]
                assert other.result().notices == []
                again = await of.staged.ask("wait", after=asked.result().newest, colour="green")
                assert again.notices == []
                changed = await of.staged.ask("wait", after=asked.result().newest, colour="red", seconds=60)
                assert changed.colour == "green"

            running(of, work)

    def test_the_test_of_the_desktop_says_whether_one_is_there(self, tmp_path: Path) -> None:
        with office(tmp_path) as of:
            assert "no desktop of yours" in str(of.ask("test", way="desktop").sentences()[0])

            async def work() -> None:
                news = await of.staged.ask("wait")
                tested = await of.staged.ask("test", way="desktop")
                assert tested.is_shown
                again = await of.staged.ask("wait", after=news.newest)
                assert [each.kind for each in again.notices] == ["notifications.Test"]

            running(of, work)

    def test_nobody_waits_for_a_suite_that_does_not_run(self, tmp_path: Path) -> None:
        with office(tmp_path) as of, pytest.raises(Unavailable):
            of.ask("wait")


def test_new_settings_count_at_once(tmp_path: Path) -> None:
    def change(of: Office, **settings: Any) -> None:
        of.component.settings = NotificationsSettings(**settings)
        of.component.settings_changed()

    with Server({"/hook": status(200)}) as server, office(tmp_path) as of:

        async def work() -> None:
            change(of, webhook=server.url("/hook"))
            of.staged.host.to_hear.put_nowait(("updates", Found(what="x")))
            await until(lambda: len(server.asked) == 1)

        running(of, work)
