import pytest

from garrison.wire.keeping import Adopt, Go, Message, Own, Policy, Pulse, Ready, decode, encode


@pytest.mark.parametrize(
    "message",
    [
        Ready(),
        Go(("permission", "lock"), (1, 2), "blown", 0.5, "why"),
        Own((3,), ("garrison", "start")),
        Pulse(1.5),
        Policy(False),
        Adopt(("changes",), 12, "", True, ("garrison",)),
    ],
)
def test_a_message_arrives_as_it_was_sent(message: Message) -> None:
    assert decode(encode(message)) == message


@pytest.mark.parametrize("packet", [b"", b"[]", b'["Go", {}]', b'["Go", 3]', b'["Unheard", {}]', b"\xff", b"3"])
def test_what_is_no_message_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="no message"):
        decode(packet)
