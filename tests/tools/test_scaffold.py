"""The scaffold gives a component that passes the contract suite as it stands."""

from pathlib import Path

import pytest

from tests.tools.checkout import Checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Checkout:
    return Checkout(repository, tmp_path_factory.mktemp("checkout"))


def test_a_scaffolded_component_passes_the_contract_suite(checkout: Checkout) -> None:
    checkout.run("-m", "tools", "component", "usb-guard")
    said = checkout.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract", "tests/components/usb_guard")
    assert " passed" in said
    assert "failed" not in said
    assert "usb-guard" in checkout.run("-I", "-m", "garrison.cli", "--help")
    assert checkout.run("-m", "tools", "check", "imports", "golden manifest and reference").count(": ok") == 2
    for name in ("src/garrison/components/usb_guard", "tests/components/usb_guard"):
        checkout.run("-m", "ruff", "check", "--no-cache", name)
        checkout.run("-m", "ruff", "format", "--check", "--no-cache", name)
    assert (checkout.root / "docs" / "reference" / "usb-guard.md").is_file()
    assert (checkout.root / "changes" / "+usb-guard.added.md").is_file()


def test_it_is_not_made_twice(checkout: Checkout) -> None:
    assert "already" in checkout.run("-m", "tools", "component", "scan", code=3)


@pytest.mark.parametrize("name", ["", "Usb", "usb_guard", "../x", "usb-"])
def test_a_bad_name_is_refused(checkout: Checkout, name: str) -> None:
    assert "Usage" in checkout.run("-m", "tools", "component", name, code=1)
