import contextlib
import os
import resource
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garrison.linux import walk as walk_module
from garrison.linux.acting import Acting
from garrison.linux.walk import Found, Known, Trouble, Walk
from tests.abilities.things import NOBODY, needs_root, run, small_disk


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "top"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def no_descriptor_is_lost() -> Iterator[None]:
    before = os.listdir("/proc/self/fd")
    yield
    assert os.listdir("/proc/self/fd") == before


def walked(*roots: Path | str, walk: Walk | None = None) -> tuple[list[str], list[Trouble]]:
    """Return the paths of the files found, and the troubles."""
    paths, troubles = [], []
    for item in (walk or Walk()).files([str(root) for root in roots]):
        if item is None or isinstance(item, Known):
            continue
        if isinstance(item, Found):
            paths.append(item.path)
            assert os.path.samestat(os.fstat(item.descriptor), item.status)
            os.close(item.descriptor)
        else:
            troubles.append(item)
    return paths, troubles


def words(*roots: Path | str) -> dict[str, str]:
    return {os.path.basename(trouble.path): trouble.what for trouble in walked(*roots)[1]}


@contextlib.contextmanager
def open_to_all(path: Path) -> Iterator[None]:
    """Let every account reach a folder of pytest's."""
    old = [(folder, folder.stat().st_mode) for folder in (path, *path.parents) if folder != Path("/")]
    for folder, mode in old:
        folder.chmod(mode | 0o011)
    try:
        yield
    finally:
        for folder, mode in old:
            folder.chmod(mode)


def make(folder: Path, *names: str) -> list[str]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return [str(folder / name) for name in names]


def test_finds_all_files_in_order(top: Path) -> None:
    expected = make(top, "b", "c", "a/b", "a/c/d", "d/e")
    assert walked(top) == (expected, [])
    assert list(Walk().names([str(top)])) == expected


def test_takes_files_and_links_that_a_person_names(top: Path) -> None:
    (path,) = make(top, "a/file")
    (top / "link").symlink_to("a/file")
    (top / "links").symlink_to("a")
    assert walked(path) == ([path], [])
    assert walked(top / "link") == ([path], [])
    assert walked(top / "links") == ([path], [])


def test_each_folder_once(top: Path) -> None:
    paths = make(top, "a", "b/c")
    assert walked(top, top / "b", top) == (paths, [])


def test_links_are_not_followed(top: Path, tmp_path: Path) -> None:
    make(tmp_path, "elsewhere/file")
    (top / "folder").symlink_to(tmp_path / "elsewhere")
    (top / "file").symlink_to(tmp_path / "elsewhere" / "file")
    (top / "dangling").symlink_to("nowhere")
    (top / "up").symlink_to("..")
    assert walked(top) == ([], [])


def test_a_loop_of_links_is_told(top: Path) -> None:
    make(top, "good")
    (top / "a").symlink_to("b")
    (top / "b").symlink_to("a")
    paths, troubles = walked(top)
    assert len(paths) == 1
    assert troubles == [Trouble(str(top / name), "a loop of links: not followed") for name in "ab"]
    assert walked(top / "a") == ([], [Trouble(str(top / "a"), "a loop of links: not followed", given=True)])


def test_a_missing_path_is_told_and_the_others_are_walked(top: Path) -> None:
    paths = make(top, "good")
    missing = Trouble(str(top / "missing"), "does not exist", given=True)
    assert walked(top / "missing", top) == (paths, [missing])
    (trouble,) = walked(top / "good" / "x")[1]
    assert trouble.what == "is not there: a part of its path is not a folder"


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_what_is_no_file_is_not_opened(top: Path, kind: str) -> None:
    make(top, "good")
    if kind == "pipe":
        os.mkfifo(top / "odd")
    else:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(top / "odd"))
    paths, (trouble,) = walked(top)
    assert len(paths) == 1
    assert trouble.path == str(top / "odd")
    assert kind in trouble.what
    assert walked(top / "odd")[1][0].given


@needs_root
@pytest.mark.parametrize(("mode", "device"), [(stat.S_IFCHR, os.makedev(10, 130)), (stat.S_IFBLK, os.makedev(7, 250))])
def test_a_device_is_not_opened(top: Path, mode: int, device: int) -> None:
    """Put a watchdog there: opening it would restart the computer."""
    make(top, "good")
    os.mknod(top / "odd", mode | 0o666, device)
    paths, (trouble,) = walked(top)
    assert len(paths) == 1
    assert trouble.what == "a device, not a file: not opened"


@needs_root
def test_files_among_devices_are_found() -> None:
    """Look into /dev as its file system is: no word on the devices, but on what hides among them."""
    if " /dev devtmpfs " not in Path("/proc/self/mounts").read_text("utf-8", "surrogateescape"):
        pytest.skip("/dev is no devtmpfs here")
    hidden = Path("/dev/.garrison-test")
    hidden.write_bytes(b"x")
    try:
        paths, troubles = walked("/dev")
    finally:
        hidden.unlink()
    assert str(hidden) in paths
    assert not [trouble for trouble in troubles if "device" in trouble.what]


@needs_root
def test_what_may_not_be_read_is_told(top: Path, tmp_path: Path) -> None:
    good, secret, _, _ = make(top, "good", "secret", "closed/file", "half/file")
    os.chmod(secret, 0o600)
    (top / "closed").chmod(0o700)
    (top / "half").chmod(0o744)

    async def inside(acting: Acting) -> tuple[list[str], list[Trouble]]:
        return await acting.run(walked, top)

    with open_to_all(tmp_path):
        paths, troubles = run(inside, uid=NOBODY)
    assert paths == [good]
    assert {os.path.relpath(trouble.path, top) for trouble in troubles} == {"secret", "closed", "half"}
    assert {trouble.what for trouble in troubles} == {"may not be read by this account"}


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.binary(min_size=1, max_size=255).filter(lambda name: not set(name) & {0, 0x2F} and name.strip(b".")))
def test_names_may_be_any_bytes(top: Path, name: bytes) -> None:
    path = top / os.fsdecode(name)
    path.write_bytes(b"x")
    assert walked(top) == ([str(path)], [])
    assert walked(path) == ([str(path)], [])
    path.unlink()


def test_files_that_come_and_go(top: Path) -> None:
    """Make and remove files while they are walked; each is found, told, or passed over, and the walk goes on."""
    steady = make(top, *(f"steady {number}" for number in range(20)))
    stop = threading.Event()

    def churn() -> None:
        number = 0
        while not stop.is_set():
            number = (number + 1) % 30
            path = top / f"churn {number}"
            path.mkdir() if number % 3 == 0 else path.write_bytes(b"x" * number)
            path.rmdir() if number % 3 == 0 else path.unlink()

    churner = threading.Thread(target=churn)
    churner.start()
    try:
        for _ in range(100):
            paths, troubles = walked(top)
            assert set(steady) <= set(paths)
            assert {trouble.what for trouble in troubles} <= {
                "vanished before it could be opened",
                "changed into something else while it was opened",
                "may not be read by this account",
                "a folder in its path was swapped for a link meanwhile: not followed",
            }
    finally:
        stop.set()
        churner.join()


def test_a_file_that_vanishes_is_told(top: Path) -> None:
    make(top, "a", "b", "c")
    walk = Walk().files([str(top)])
    items = []
    for item in walk:
        items.append(item)
        (top / "b").unlink(missing_ok=True)
        if isinstance(item, Found):
            os.close(item.descriptor)
    assert items[1] == Trouble(str(top / "b"), "vanished before it could be opened")
    assert len(items) == 3


def test_a_file_that_grows_keeps_the_size_it_had(top: Path) -> None:
    make(top, "a")
    (item,) = Walk().files([str(top)])
    assert isinstance(item, Found)
    with open(top / "a", "ab") as file:
        file.write(bytes(100))
    assert item.status.st_size == 1
    os.close(item.descriptor)


def test_a_sparse_file_of_ten_terabytes_is_just_a_file(top: Path) -> None:
    make(top, "huge")
    os.truncate(top / "huge", 10 * 1024**4)
    assert walked(top) == ([str(top / "huge")], [])


def test_a_folder_swapped_for_a_link_is_not_entered(top: Path, tmp_path: Path) -> None:
    make(tmp_path, "secret/file")
    make(top, "a", "z/file")
    walk = Walk().files([str(top)])
    first = next(walk)
    assert isinstance(first, Found)
    os.close(first.descriptor)
    (top / "z").rename(tmp_path / "away")
    (top / "z").symlink_to(tmp_path / "secret")
    assert [item for item in walk if isinstance(item, Found)] == []


@needs_root
@pytest.mark.parametrize("path", ["/proc", "/proc/self", "/proc/version", "/proc/self/mem", "/sys/kernel"])
def test_what_the_kernel_makes_up_is_not_scanned(path: str) -> None:
    paths, (trouble,) = walked(path)
    assert paths == []
    assert trouble.what == "made up by the kernel, holds no files: not scanned"
    assert trouble.given


@needs_root
def test_a_loop_of_bind_mounts_ends(top: Path) -> None:
    """Mount a folder into itself, where nobody else sees it."""
    make(top, "file", "deep/er/file")
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from garrison.linux.walk import Walk\n"
        "print(sorted(os.path.relpath(item.path, sys.argv[1]) for item in Walk().files([sys.argv[1]])))"
    )
    script = 'mount --bind "$1" "$1/deep/er" && mount --rbind "$1" "$1/deep" && exec "$2" -c "$3" "$1" "$4"'
    source = str(Path(__file__).parents[2] / "src")
    python = os.path.realpath("/proc/self/exe")
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(top), python, code, source]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert result.stdout.count("file") == 1, result.stderr  # the deeper one is covered by the mounts


@needs_root
def test_other_file_systems_below_are_walked(top: Path) -> None:
    with small_disk(top / "disk") as disk:
        expected = make(disk, "file")
        assert walked(top) == (expected, [])


def test_what_lies_too_deep_is_told_in_one_short_line(top: Path) -> None:
    current = os.open(top, os.O_PATH)
    for _ in range(40):
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=current))
        os.mkdir("x" * 200, dir_fd=current)
        deeper = os.open("x" * 200, os.O_PATH, dir_fd=current)
        os.close(current)
        current = deeper
    os.close(current)
    paths, (trouble,) = walked(top)
    assert 3700 < max(map(len, paths)) <= 4096
    assert len(trouble.path) < 300
    assert trouble.what.endswith("of over 4096 bytes: not examined")
    (trouble,) = walked(os.path.join(top, *["x" * 200] * 40))[1]
    assert (trouble.what, trouble.given) == ("its path is too long to open", True)
    assert len(trouble.path) < 300


def test_ten_thousand_files_are_not_listed_at_once(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10_000):
        os.close(os.open(top / str(number), os.O_CREAT | os.O_WRONLY))
    asked = 0
    real = walk_module._is_folder

    def counting(entry: "os.DirEntry[str]") -> bool:
        nonlocal asked
        asked += 1
        return real(entry)

    monkeypatch.setattr(walk_module, "_is_folder", counting)
    monkeypatch.setattr(walk_module, "_LISTED_AT_ONCE", 1000)
    names = Walk().names([str(top)])
    next(names)
    assert asked == 1000
    names.close()
    assert len(set(walked(top)[0])) == 10_000


def test_leaves_out_what_it_is_told_to(top: Path) -> None:
    kept, _, _, _ = make(top, "a", "b.iso", "cache/x", "own/y")
    own = (top / "own").stat()
    walk = Walk(lambda path: path.endswith((".iso", "/cache")), frozenset({(own.st_dev, own.st_ino)}))
    assert walked(top, walk=walk) == ([kept], [])
    for name in ("b.iso", "cache"):
        (trouble,) = walked(top / name, walk=walk)[1]
        assert trouble.what == "is left out of scans by an exclusion"
        assert not trouble.given


def test_too_many_open_files_are_told_and_the_walk_goes_on(top: Path) -> None:
    make(top, "a", "b", "c")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held, fillers = [], []
    try:
        walk = Walk().files([str(top)])
        first = next(walk)
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
        fillers = [os.open("/dev/null", os.O_RDONLY) for _ in range(highest)]  # so that no lower number is free
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(fillers) + 1, hard))
        items = [first, *walk]
        held = [item for item in items if isinstance(item, Found)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for descriptor in [*fillers, *(item.descriptor for item in held)]:
        os.close(descriptor)
    assert len(items) == 3
    assert isinstance(items[2], Trouble)
    assert items[2].what == "too many open files"


def test_what_is_known_is_not_opened(top: Path) -> None:
    (top / "known").write_text("1")
    (top / "new").write_text("22")
    walk = Walk(known=lambda status: status.st_size == 1)
    items = list(walk.files([str(top)]))
    assert [item.path for item in items if isinstance(item, Known)] == [str(top / "known")]
    (found,) = [item for item in items if isinstance(item, Found)]
    assert found.path == str(top / "new")
    os.close(found.descriptor)
