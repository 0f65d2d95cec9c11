import os
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.base.errors import NotFound
from garrison.daemon.consents import Consents
from garrison.daemon.store import Store
from garrison.sdk import Caller, describe
from tests.daemon.parts import ANNA, BERND, clock, store
from tests.sdk.samples import Sample

MANIFEST = describe(Sample)


def consents(opened: Store, text: str = "") -> Consents:
    purpose = replace(MANIFEST.purposes[0], text=text or MANIFEST.purposes[0].text)
    return Consents(opened, clock(), [replace(MANIFEST, purposes=(purpose,))])


def test_nothing_is_assumed(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        (consent,) = consents(opened).all(ANNA)
    assert (consent.id, consent.given, consent.at, consent.outdated) == ("sample.tell", False, "", False)


def test_each_account_speaks_for_itself(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        assert consents(opened).record(ANNA, "sample.tell", given=True).given
        assert consents(opened).has(ANNA, "sample.tell")
        assert not consents(opened).has(BERND, "sample.tell")


def test_root_and_the_suites_own_account_speak_with_one_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: ANNA.uid)
    with store(tmp_path) as opened:
        ledger = consents(opened)
        ledger.record(Caller(0, 0), "sample.tell", given=True)
        assert ledger.has(ANNA, "sample.tell")
        assert not ledger.has(BERND, "sample.tell")
        ledger.record(ANNA, "sample.tell", given=False)
        assert not ledger.has(Caller(0, 0), "sample.tell")


def test_it_can_be_taken_back_and_the_ledger_keeps_both(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        ledger = consents(opened)
        ledger.record(ANNA, "sample.tell", given=True)
        consent = ledger.record(ANNA, "sample.tell", given=False)
        assert (consent.given, consent.outdated) == (False, False)
        assert opened.read("SELECT count(*) FROM consent").fetchone()[0] == 2


def test_the_last_word_is_yes_or_no_or_none_on_todays_wording(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        ledger = consents(opened)
        assert ledger.word(ANNA, "sample.tell") is None
        ledger.record(ANNA, "sample.tell", given=True)
        assert ledger.word(ANNA, "sample.tell") is True
        assert consents(opened, "New words.").word(ANNA, "sample.tell") is None
        ledger.record(ANNA, "sample.tell", given=False)
        assert ledger.word(ANNA, "sample.tell") is False


def test_it_is_outdated_when_the_words_change(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        consents(opened).record(ANNA, "sample.tell", given=True)
        (consent,) = consents(opened, "We tell everybody, and their friends.").all(ANNA)
        assert (consent.given, consent.outdated) == (False, True)
        assert consents(opened).has(ANNA, "sample.tell")
        consents(opened, "New words.").record(ANNA, "sample.tell", given=True)
        assert consents(opened, "New words.").has(ANNA, "sample.tell")
        assert not consents(opened).has(ANNA, "sample.tell")


def test_there_is_no_such_purpose(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        for name in ("", "sample", "sample.other", "\udcff"):
            with pytest.raises(NotFound):
                consents(opened).record(ANNA, name, given=True)
