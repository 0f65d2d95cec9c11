"""Tests of where every command begins."""

import os
from pathlib import Path

import pytest

from garrison import __version__
from garrison.base.installed import Installed
from tests.cli.program import Program

# It takes the place of a version's interpreter, and tells how it was called.
_TELLS = '#!/bin/sh\necho "$@"\n'


@pytest.fixture
def garrison(tmp_path: Path) -> Program:
    return Program(tmp_path / "state")


def install(garrison: Program, version: str) -> Installed:
    installed = Installed(garrison.home)
    python = installed.python(version)
    python.parent.mkdir(parents=True, mode=0o700)
    for folder in (garrison.home.root, installed.folder, installed.folder / version):
        folder.chmod(0o700)
    python.write_text(_TELLS)
    python.chmod(0o700)
    installed.link(version)
    return installed


def test_the_newer_version_gets_the_command_as_it_stands(garrison: Program) -> None:
    install(garrison, "99.0")
    assert garrison("scan", "--json", "a b").out == "-X utf8 -I -m garrison.cli scan --json a b\n"
    assert garrison("--version").out == "-X utf8 -I -m garrison.cli --version\n"


def test_an_older_one_and_the_same_do_not(garrison: Program) -> None:
    installed = install(garrison, "0.0.1")
    assert garrison("--version").out.startswith("garrison, version")
    install(garrison, __version__)
    assert installed.linked() == __version__
    assert garrison("--version").out.startswith("garrison, version")


def test_what_cannot_be_run_is_passed_over(garrison: Program) -> None:
    python = install(garrison, "99.0").python("99.0")
    python.write_text("#!/nowhere/sh\n")
    assert garrison("--version").out.startswith("garrison, version")
    python.chmod(0o600)
    assert garrison("--version").out.startswith("garrison, version")


def test_uninstalling_is_done_by_what_was_there_first(garrison: Program) -> None:
    install(garrison, "99.0")
    assert "Stop Garrison" in garrison("uninstall", "--help").out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a home away")
def test_the_home_of_another_account_brings_no_version(garrison: Program) -> None:
    installed = install(garrison, "99.0")
    for path in (garrison.home.root, installed.folder, installed.folder / "99.0"):
        os.chown(path, 65534, 65534)
    assert garrison("--version").out.startswith("garrison, version")
