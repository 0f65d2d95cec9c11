"""The two scripts at the root: set up what they need, whatever the circumstances, and start the program."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.checkout import NOBODY, REPOSITORY, Checkout, wheel

SHELLS = [("dash",), ("bash", "--posix"), ("busybox", "sh")]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for several accounts and mount")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account may look into."""
    folder = Path(tempfile.mkdtemp(prefix="garrison-scripts-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def checkout(place: Path) -> Checkout:
    return Checkout(place)


def slow_uv(checkout: Checkout, seconds: float = 0.0, then: str = "exit 1") -> None:
    """Put a uv on PATH that notes its call, waits, and does as told."""
    program = checkout.path / "uv"
    program.write_text(f'#!/bin/sh\necho "$*" >>"{checkout.home}/uv-calls"\nsleep {seconds}\n{then}\n')
    program.chmod(0o755)


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_first_run_sets_up_and_says_so_on_stderr_only(checkout: Checkout) -> None:
    first = checkout.run("scan", "a b", "", "*")
    assert first.told["argv"] == ["scan", "a b", "", "*"]
    assert first.told["prefix"] == str(checkout.venv)
    assert first.told["launcher"] == str(checkout.root / "garrison")
    assert "fetching and installing the packages" in first.errors
    again = checkout.run("scan")
    assert again.told["argv"] == ["scan"]
    assert again.errors == ""
    assert checkout.leftovers() == []


def test_the_program_gets_no_descriptor_and_no_umask_of_the_set_up(checkout: Checkout) -> None:
    first = checkout.run(umask=0o027).told
    second = checkout.run(umask=0o027).told
    assert first["descriptors"] == second["descriptors"]
    assert first["umask"] == second["umask"] == 0o027
    assert stat.S_IMODE(checkout.venv.stat().st_mode) == 0o755


def test_what_is_piped_in_is_for_the_program(checkout: Checkout) -> None:
    assert checkout.run("scan", "@-", input=b"one\ntwo\n").told["stdin"] == "one\ntwo\n"


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_every_shell_will_do(checkout: Checkout, shell: tuple[str, ...]) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    program = (str(shutil.which(shell[0])), *shell[1:])
    assert checkout.run("a", shell=program).told["argv"] == ["a"]
    assert checkout.run("b", shell=program).errors == ""
    assert checkout.run("c", shell=program, script="dev").told["argv"] == ["c"]


def test_the_scripts_are_posix_shell() -> None:
    checker = shutil.which("shellcheck")
    if checker is None:
        pytest.skip("shellcheck is not installed")
    scripts = ["garrison", "dev", "packaging/bootstrap.sh", ".ci/run"]
    done = subprocess.run([checker, "-x", "-s", "sh", *scripts], cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_uv_is_used_where_there_is_one_and_pip_where_it_fails(checkout: Checkout) -> None:
    slow_uv(checkout)
    assert checkout.run("a").told["argv"] == ["a"]
    assert "--require-hashes" in (checkout.home / "uv-calls").read_text()


def test_a_wrong_hash_is_refused(checkout: Checkout) -> None:
    checkout.lock(f"tiny==1 --hash=sha256:{'0' * 64}\n")
    outcome = checkout.run()
    assert outcome.code == 3
    assert "setting up failed at: fetching and installing" in outcome.errors
    assert "DO NOT MATCH" in outcome.errors
    assert not checkout.venv.exists()
    assert checkout.leftovers() == [".venv.lock"]


@pytest.mark.parametrize("name", ['it\'s "quoted" $HOME `id`', "büro 日本", "-back\\slash%41"])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_any_path_in_any_locale(place: Path, name: str, locale: str) -> None:
    checkout = Checkout(place, name)
    assert checkout.run("a", environment={"LC_ALL": locale}).told["argv"] == ["a"]
    again = checkout.run("a", environment={"LC_ALL": locale})
    assert again.errors == ""


def test_the_packages_own_scripts_work_from_where_they_stand(checkout: Checkout) -> None:
    checkout.set_up()
    script = subprocess.run([checkout.venv / "bin" / "tiny"], capture_output=True, text=True, check=False)
    assert script.stdout == "tiny\n", script.stderr


def test_a_line_break_in_the_path_is_refused(place: Path) -> None:
    outcome = Checkout(place, "two\nlines").run()
    assert outcome.code == 3
    assert "line break" in outcome.errors


def test_called_through_a_link_from_another_folder(checkout: Checkout) -> None:
    link = checkout.folder / "a link"
    link.symlink_to(checkout.root / "garrison")
    assert checkout.run("a", script=link, cwd=checkout.home).told["prefix"] == str(checkout.venv)
    relative = subprocess.run(
        ["./garrison", "b"], cwd=checkout.root, env=checkout.environment, capture_output=True, text=True, check=True
    )
    assert '"b"' in relative.stdout


def test_a_new_lock_is_set_up_anew(checkout: Checkout) -> None:
    checkout.set_up()
    checkout.lock(wheel(checkout.wheels, "2"))
    outcome = checkout.run()
    assert "Setting up" in outcome.errors
    assert outcome.code == 0
    assert list(checkout.venv.glob("lib/*/site-packages/tiny-2.dist-info"))
    assert not list(checkout.venv.glob("lib/*/site-packages/tiny-1.dist-info"))


def test_a_failed_renewal_leaves_the_old_environment(checkout: Checkout) -> None:
    old = (checkout.root / "requirements.lock").read_text()
    checkout.set_up()
    checkout.lock("absent==1 --hash=sha256:" + "0" * 64)
    assert checkout.run().code == 3
    checkout.lock(old)
    assert checkout.run().errors == ""


def test_a_dangling_python_is_set_up_anew(checkout: Checkout) -> None:
    checkout.set_up()
    links = [path for path in (checkout.venv / "bin").iterdir() if path.is_symlink()]
    link = next(path for path in links if os.readlink(path).startswith("/"))
    assert os.readlink(link) == os.path.realpath(link)  # the file itself: an upgrade that removes it is noticed
    link.unlink()
    link.symlink_to("/usr/bin/python3.0")
    outcome = checkout.run()
    assert "Setting up" in outcome.errors
    assert outcome.code == 0


def test_a_moved_checkout_is_set_up_anew(checkout: Checkout) -> None:
    checkout.set_up()
    moved = checkout.root.rename(checkout.folder / "moved")
    assert "Setting up" in checkout.run(script=moved / "garrison").errors


def test_settings_for_python_have_no_effect(checkout: Checkout) -> None:
    evil = checkout.folder / "evil"
    evil.mkdir()
    (evil / "json.py").write_text("raise SystemExit('evil')")
    settings = {
        "PYTHONPATH": str(evil),
        "PYTHONHOME": "/nowhere",
        "PYTHONSTARTUP": "/nowhere",
        "PIP_TARGET": "/nowhere",
    }
    assert checkout.run("a", environment=settings, cwd=evil).told["argv"] == ["a"]
    told = checkout.run("a", environment=settings, cwd=evil, script="dev").told
    assert told["argv"] == ["a"]
    assert told["python"] == {}


def test_no_python_is_said(checkout: Checkout) -> None:
    (checkout.path / "python3").unlink()
    outcome = checkout.run()
    assert outcome.code == 3
    assert "no complete Python 3.11 or later was found" in outcome.errors
    (checkout.path / "python3").write_text("#!/bin/sh\necho lacks venv\nexit 1\n")
    (checkout.path / "python3").chmod(0o755)
    assert "has no module venv" in checkout.run().errors


def test_a_python_behind_a_script_that_complains_of_the_locale_will_do(checkout: Checkout) -> None:
    python = os.path.realpath(checkout.path / "python3")
    (checkout.path / "python3").unlink()  # a link to the computer's own
    (checkout.path / "python3").write_text(f'#!/bin/sh\necho no such locale >&2\nexec {python} "$@"\n')
    (checkout.path / "python3").chmod(0o755)
    assert checkout.run("scan").told["argv"] == ["scan"]


def test_a_named_python_is_used_or_complained_about(checkout: Checkout) -> None:
    python = os.path.realpath(checkout.path / "python3")
    (checkout.path / "python3").unlink()
    assert "GARRISON_PYTHON=/bin/false is no" in checkout.run(environment={"GARRISON_PYTHON": "/bin/false"}).errors
    assert checkout.run("a", environment={"GARRISON_PYTHON": python}).told["argv"] == ["a"]


def test_no_network_is_said(checkout: Checkout) -> None:
    settings = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_RETRIES": "1", "PIP_INDEX_URL": "http://127.0.0.1:9/"}
    outcome = checkout.run(environment=settings)
    assert outcome.code == 3
    assert "setting up failed at: fetching and installing" in outcome.errors
    assert "check the connection" in outcome.errors


def test_no_package_for_this_python_is_said(checkout: Checkout) -> None:
    checkout.lock("absent==1 --hash=sha256:" + "0" * 64)
    assert "has no package for this Python" in checkout.run().errors


def test_killed_half_way_and_begun_again(checkout: Checkout) -> None:
    slow_uv(checkout, seconds=60)
    process = checkout.start(start_new_session=True)
    wait_for((checkout.home / "uv-calls").exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not checkout.venv.exists()
    assert len(checkout.leftovers()) == 2  # the half-made one and the lock's file
    slow_uv(checkout)
    assert checkout.run("a").told["argv"] == ["a"]
    assert checkout.leftovers() == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 4), (signal.SIGTERM, 143)])
def test_interrupted_half_way(checkout: Checkout, number: signal.Signals, code: int) -> None:
    slow_uv(checkout, seconds=60)
    process = checkout.start(start_new_session=True)
    wait_for((checkout.home / "uv-calls").exists)
    os.killpg(process.pid, number)  # as the terminal does
    process.communicate(timeout=30)
    assert process.returncode == code
    assert not checkout.venv.exists()
    assert [name for name in checkout.leftovers() if name != ".venv.lock"] == []


def test_many_set_ups_at_the_same_time(checkout: Checkout) -> None:
    slow_uv(checkout, seconds=0.5)
    processes = [checkout.start(str(number)) for number in range(6)]
    outcomes = [process.communicate(timeout=100) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, outcomes
    assert len((checkout.home / "uv-calls").read_text().splitlines()) == 1
    assert sum(b"another set-up" in errors.lower() for _, errors in outcomes) >= 1
    assert checkout.leftovers() == []


def test_an_environment_that_others_may_write_to_is_not_used(checkout: Checkout) -> None:
    checkout.set_up()
    for folder in ("", "bin", "lib"):
        path = checkout.venv / folder
        path.chmod(0o775)
        outcome = checkout.run()
        assert "Setting up" in outcome.errors
        assert outcome.code == 0


def test_home_is_not_needed(checkout: Checkout) -> None:
    assert checkout.run("a", environment={"HOME": None}).told["argv"] == ["a"]


@as_root
class TestAccounts:
    def test_a_checkout_that_is_not_ours_to_write(self, checkout: Checkout) -> None:
        checkout.give_to(NOBODY, checkout.home)
        outcome = checkout.run("a", user=NOBODY, group=NOBODY)
        environment = Path(outcome.told["prefix"])
        assert environment.parent == checkout.home / ".cache" / "garrison"
        assert outcome.told["pycache"] == str(environment / "pycache")
        assert not list(checkout.root.rglob("__pycache__"))
        assert checkout.run("a", user=NOBODY, group=NOBODY).errors == ""

    def test_nowhere_to_write(self, checkout: Checkout) -> None:
        outcome = checkout.run(user=NOBODY, group=NOBODY)
        assert outcome.code == 3
        assert "Set XDG_CACHE_HOME" in outcome.errors

    def test_root_never_runs_the_environment_of_another_account(self, checkout: Checkout) -> None:
        checkout.give_to(NOBODY, checkout.root, checkout.wheels)
        checkout.set_up(user=NOBODY, group=NOBODY)
        trap = checkout.venv / "bin" / "python"
        trap.unlink()
        trap.write_text(f"#!/bin/sh\ntouch {checkout.folder}/trapped\n")
        trap.chmod(0o755)
        assert checkout.run("a").told["prefix"].startswith(str(checkout.home))
        assert not (checkout.folder / "trapped").exists()
        assert not list(checkout.venv.rglob("*.pyc")) or trap.exists()

    def test_root_keeps_its_environment_out_of_another_account_s_home(self, checkout: Checkout) -> None:
        checkout.give_to(NOBODY)
        settings = {"XDG_CACHE_HOME": str(checkout.home / "cache")}
        outcome = subprocess.run(
            ["sh", "-c", '. "$0/packaging/bootstrap.sh"; here=$0; lock=x; choose_venv; echo "$venv"', checkout.root],
            env=checkout.environment | settings,
            capture_output=True,
            text=True,
            check=True,
        )
        assert outcome.stdout.startswith("/root/.cache/garrison/venv-")

    def test_a_checkout_that_is_read_only(self, checkout: Checkout) -> None:
        read_only = (
            f'mount --bind -o ro "{checkout.root}" "{checkout.root}" && mount -o remount,ro,bind "{checkout.root}"'
        )
        told = _in_private_mounts(checkout, read_only)
        assert Path(told.rpartition('"prefix": "')[2].partition('"')[0]).parent.parent == checkout.home / ".cache"
        checkout.set_up()
        assert f'"prefix": "{checkout.venv}"' in _in_private_mounts(checkout, read_only)

    @pytest.mark.parametrize("size", ["4k", "200k", "3m"])
    def test_a_full_disk(self, checkout: Checkout, size: str) -> None:
        cache = checkout.home / ".cache"
        cache.mkdir()
        checkout.give_to(NOBODY, checkout.root)
        wheel(checkout.wheels)
        full = f'mount -t tmpfs -o size={size} none "{cache}"; head -c 9m /dev/zero >"{cache}/fill" 2>/dev/null'
        said = _in_private_mounts(checkout, full, code=3)
        assert "setting up failed" in said
        assert "No space left" in said


def _in_private_mounts(checkout: Checkout, mount: str, code: int = 0) -> str:
    """Run the script after a mount that only it sees."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-m", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount name space can be made here")
    done = subprocess.run(
        [unshare, "-m", "sh", "-c", f'PATH="$PATH:/usr/bin:/bin"; {mount}; exec "$0"', checkout.root / "garrison"],
        env=checkout.environment | {"PATH": f"{checkout.path}:/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def test_the_quick_path_costs_little(checkout: Checkout) -> None:
    checkout.set_up()

    def best_of(command: list[str]) -> float:
        took = []
        for _ in range(10):
            began = time.perf_counter()
            subprocess.run(command, env=checkout.environment, capture_output=True, stdin=subprocess.DEVNULL, check=True)
            took.append(time.perf_counter() - began)
        return min(took)

    bare = best_of([str(checkout.venv / "bin" / "python"), "-I", "-m", "garrison.cli"])
    whole = best_of([str(checkout.root / "garrison")])
    assert whole - bare < 0.03, f"{(whole - bare) * 1000:.1f} ms"
