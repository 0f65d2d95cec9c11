"""Tests of looking at the same thing in two ways."""

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from garrison.linux import crossviews
from garrison.linux.crossviews import Port

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_nothing_hides_here() -> None:
    with socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("::1", 0))
        stop = threading.Event()
        thread = threading.Thread(target=stop.wait)
        thread.start()
        try:
            assert crossviews.hidden_processes() == []
            assert os.getpid() not in crossviews.covered_processes()
            assert crossviews.hidden_ports() == []
            assert crossviews.hidden_modules() == []
            assert crossviews.hidden_folders(["/", "/etc", "/usr", "/var"]) == []
        finally:
            stop.set()
            thread.join()


def test_a_number_that_answers_and_does_not_show_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "10" / "task" / "11").mkdir(parents=True)
    assert crossviews.hidden_processes(tmp_path, {10, 11, 12}.__contains__) == [12]


def test_what_only_began_meanwhile_is_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "10" / "task" / "10").mkdir(parents=True)

    def exists(number: int) -> bool:
        if number == 12:
            (tmp_path / "12").mkdir(exist_ok=True)
        return number in {10, 12}

    assert crossviews.hidden_processes(tmp_path, exists) == []


@needs_root
def test_a_mount_over_a_process_is_found_from_another_mount_namespace() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as child:
        script = f"mount -t tmpfs none /proc/{child.pid} && echo ready && exec sleep 60"
        command = ["unshare", "--mount", "sh", "-c", script]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as hider:
            try:
                assert hider.stdout is not None
                assert hider.stdout.readline() == b"ready\n"
                assert crossviews.covered_processes()[child.pid] == f"/proc/{child.pid}"
            finally:
                hider.kill()
                child.kill()


def test_a_port_that_is_left_out_of_the_tables_is_hidden(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        for name in ("tcp", "tcp6", "udp", "udp6"):
            lines = Path("/proc/net", name).read_text("utf-8").splitlines() if Path("/proc/net", name).exists() else []
            kept = [line for line in lines if f":{number:04X} " not in line]
            (tmp_path / name).write_text("\n".join(kept))
        assert crossviews.hidden_ports(tmp_path) == [Port("tcp", number)]


def test_a_module_that_is_left_out_of_the_list_is_hidden(tmp_path: Path) -> None:
    proc, system = tmp_path / "proc", tmp_path / "module"
    for name in ("fine", "evil"):
        (system / name).mkdir(parents=True)
        (system / name / "initstate").write_text("live\n")
    (system / "built-in").mkdir()
    proc.mkdir()
    (proc / "modules").write_text("fine 16384 0 - Live 0x0\n")
    (proc / "kallsyms").write_text("0 t start\t[fine]\n0 t start\t[worse]\n0 t program\t[bpf]\n0 T plain\n")
    assert crossviews.hidden_modules(proc, system) == ["evil", "worse"]


def test_a_folder_that_lists_fewer_folders_than_it_has_is_told(tmp_path: Path) -> None:
    for name in ("seen", "evil"):
        (tmp_path / name).mkdir()
    if os.stat(tmp_path).st_nlink != 4:
        pytest.skip("this file system does not count folders")

    def partial(place: str) -> list[str]:
        return [name for name in os.listdir(place) if name != "evil"]

    assert crossviews.hidden_folders([str(tmp_path)], partial) == [str(tmp_path)]
    assert crossviews.hidden_folders([str(tmp_path), "/nowhere"]) == []
