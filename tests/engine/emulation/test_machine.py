"""Running programs until they have unpacked themselves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.emulation import machine as module
from garrison.engine.guard import Incomplete
from tests.engine.emulation.running import PACKER, PLAIN, machine, xored
from tests.engine.opening import Spent
from tests.engine.programs import making

# Skips the two bytes of the instruction that failed.
HANDLER = bytes.fromhex("8b44240c8380b80000000231c0c3")


def test_a_packed_program_is_seen_when_it_goes_on_in_what_it_wrote() -> None:
    runs = machine(xored())
    runs.run()
    assert [snapshot.entry for snapshot in runs.snapshots] == [0x1000]
    assert PLAIN in runs.snapshots[0].image
    assert runs.why == "it ended"


def test_an_exception_goes_to_the_programs_own_handler() -> None:
    start = 0x402000
    handler = start + 0x80
    install = b"\x68" + handler.to_bytes(4, "little") + bytes.fromhex("64ff35000000006489250000000031c08b00")
    code = (install + b"\xe9" + (0x100 - len(install) - 5).to_bytes(4, "little")).ljust(0x80, b"\xcc")
    code = (code + HANDLER).ljust(0x100, b"\xcc")
    runs = machine(xored(code))
    runs.run()
    assert PLAIN in runs.snapshots[0].image


def test_an_endless_loop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEPS", 50_000)
    runs = machine(making.pe((b".text", b"\xeb\xfe", PACKER)))
    runs.run()
    assert runs.why == "it ran too long"


def test_it_asks_for_the_time() -> None:
    runs = machine(making.pe((b".text", b"\xeb\xfe", PACKER)), Spent(2))
    with pytest.raises(Incomplete):
        runs.run()


def test_a_large_copy_costs_what_it_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEPS", 300_000)
    code = b"\xbf\x00\x20\x40\x00\xb9\x00\x00\x01\x00\xf3\xaa\xeb\xf2"
    runs = machine(making.pe((b".text", code + bytes(0x20000), PACKER)))
    runs.run()
    assert runs.steps < 100_000


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=80))
def test_any_code_is_survived(code: bytes) -> None:
    content = making.pe((b".text", code, PACKER))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_STEPS", 20_000)
        machine(content).run()
