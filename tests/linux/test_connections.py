"""Tests of telling with whom a process is connected."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from garrison.linux.connections import is_in_our_network, peers


@contextlib.contextmanager
def connected(family: socket.AddressFamily, here: str, there: str) -> Iterator[int]:
    """Hold a connection that came to a port of ours; yield the port."""
    with socket.create_server((here, 0), family=family, dualstack_ipv6=here == "::") as server:
        port = server.getsockname()[1]
        with socket.create_connection((there, port)), server.accept()[0]:
            yield port


@pytest.mark.parametrize(
    ("family", "here", "there"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET6, "::1", "::1"),
        (socket.AF_INET6, "::", "127.0.0.1"),
    ],
)
def test_the_other_end_of_a_connection_is_told_by_the_kernel(
    family: socket.AddressFamily, here: str, there: str
) -> None:
    try:
        with connected(family, here, there) as port:
            assert list(map(str, peers(os.getpid(), {port}))) == [there]
            assert peers(os.getpid(), {1}) == []
            assert peers(os.getppid(), {port}) == []
    except OSError as error:
        pytest.skip(f"no such address here: {error}")


def test_who_only_listens_is_connected_with_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert peers(os.getpid(), {server.getsockname()[1]}) == []


def test_a_connection_that_the_other_side_closed_is_still_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        with server.accept()[0]:
            client.close()
            assert list(map(str, peers(os.getpid(), {port}))) == ["127.0.0.1"]


def test_what_goes_out_to_such_a_port_is_none_of_its_clients() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); s.recv(1)"
        port = server.getsockname()[1]
        with subprocess.Popen([sys.executable, "-I", "-c", code, str(port)]) as client, server.accept()[0]:
            assert peers(client.pid, {port}) == []
            client.kill()


def test_who_has_gone_is_said() -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    for asked in (lambda: peers(gone.pid, {1}), lambda: is_in_our_network(gone.pid)):
        with pytest.raises(OSError, match="No such"):
            asked()


def test_the_network_of_a_process_is_told_apart() -> None:
    assert is_in_our_network(os.getpid())
    command = ["unshare", "--net", "sh", "-c", "echo; exec sleep 60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        if not other.stdout.readline():
            pytest.skip("no network of its own may be had here")
        assert not is_in_our_network(other.pid)
        other.kill()
