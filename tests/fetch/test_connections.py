"""Connections count, and a guarded one goes nowhere near."""

import pytest
import urllib3

from garrison.fetch.connections import Meter, NotThere, make_pools
from tests.fetch.servers import Server, content


def test_every_byte_on_the_line_is_counted_also_of_connections_that_are_gone() -> None:
    meter = Meter()
    pools = make_pools(meter, None, is_guarded=False)
    with Server({"/file": content(b"x" * 1000)}) as server:
        for _ in range(20):
            assert pools.request("GET", server.url()).data == b"x" * 1000
            pools.clear()
    sent, received = meter.total()
    meter.settle()
    one = len(b"HTTP/1.1 200 Said\r\nContent-Length: 1000\r\n\r\n") + 1000
    assert 20 * one <= received <= 20 * (one + 1)  # the end of a connection counts as a byte
    assert sent > 20 * 50
    assert meter.total() == (sent, received)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_a_guarded_connection_is_not_made_to_this_computer_however_it_is_called(host: str) -> None:
    pools = make_pools(Meter(), None, is_guarded=True)
    with Server({"/file": content(b"x")}) as server:
        with pytest.raises((NotThere, urllib3.exceptions.NameResolutionError)):
            pools.request("GET", f"http://{host}:{server.port}/file")
        assert server.asked == []
