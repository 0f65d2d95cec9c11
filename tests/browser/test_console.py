"""The console in a real browser: what people do there, by mouse, keyboard and without JavaScript."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Tab
from tests.daemon.live import Live, call
from tests.engine.samples import EICAR

PAGES = (
    "/", "/issues", "/scan", "/quarantine", "/protection", "/protection/file-protection",
    "/databases", "/reports", "/inbox", "/settings", "/settings/scan", "/about", "/nothing",
)  # fmt: skip
DARK_PAGES = ("/", "/scan", "/quarantine", "/protection/file-protection", "/settings/scan", "/databases")
_TOO_WIDE = """() => [...document.querySelectorAll("body *")].filter((element) => {
  if (element.closest(".visually-hidden, .skip, .scroll, thead") || !element.getClientRects().length) return false;
  const box = element.getBoundingClientRect();
  return box.right > innerWidth + 1 || box.left < -1;
}).map((element) => element.outerHTML.slice(0, 120))"""
_PASSED_OVER = """() => {
  const ring = getComputedStyle(document.activeElement);
  const cover = getComputedStyle(document.activeElement, "::after");
  const isSeen = [ring, cover].some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
  return [document.activeElement.outerHTML.slice(0, 100), isSeen];
}"""


def test_the_link_opens_home_which_says_how_things_stand(tab: Tab) -> None:
    tab.go("/")
    assert tab.page.url == tab.base + "/"
    assert tab.page.locator("h1").inner_text().startswith(("You are protected", "This computer is at risk"))
    assert tab.page.get_by_role("link", name="Scan", exact=True).first.is_visible()
    tab.page.get_by_role("link", name="Quarantine", exact=True).first.click()
    tab.page.get_by_text("Nothing is in quarantine.").wait_for()
    assert tab.page.url == tab.base + "/quarantine"
    assert tab.page.evaluate("document.activeElement.id") == "main"  # as after a page load, for the keyboard
    assert tab.page.title().startswith("Quarantine")


def test_files_are_scanned_put_into_quarantine_and_restored(tab: Tab, tmp_path: Path) -> None:
    for name in ("invoice.com", "letter.doc"):
        (tmp_path / name).write_bytes(EICAR)
    (tmp_path / "harmless.txt").write_text("all is well")
    tab.go("/scan")
    tab.page.get_by_label("Files and folders", exact=True).fill(str(tmp_path))
    tab.page.locator("#files-action").select_option("report")
    tab.page.get_by_role("button", name="Scan", exact=True).click()
    tab.page.get_by_text("Found, and left in place").first.wait_for()
    assert tab.page.get_by_role("cell", name="EICAR-Test-File").count() == 2
    tab.page.get_by_label("All of them").check()
    assert tab.page.locator('input[name="pick"]:checked').count() == 2
    tab.page.get_by_role("button", name="Put into quarantine").click()
    tab.page.get_by_text("Done for 2 files.").wait_for()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["harmless.txt"]
    tab.go("/quarantine")
    tab.page.locator("tr", has_text="invoice.com").locator('input[name="pick"]').check()
    tab.page.get_by_role("button", name="Restore").click()
    tab.page.get_by_text("Done for 1 file.").wait_for()
    assert (tmp_path / "invoice.com").read_bytes() == EICAR


def test_progress_is_watched_until_the_task_is_over(tab: Tab) -> None:
    tab.go("/protection/self-test")
    tab.page.get_by_role("button", name="Start").click()
    tab.page.get_by_text("Detection works: EICAR-Test-File found in").wait_for()
    tab.page.get_by_role("link", name="Go on").click()
    tab.page.wait_for_url("**/protection/self-test")


def test_an_issue_is_fixed_with_one_button(tab: Tab, suite: Live) -> None:
    call(suite.home, "suite.stop", component="privacy")
    tab.go("/issues")
    row = tab.page.locator("li", has_text="Privacy is switched off")
    row.get_by_role("button", name="Fix it").click()
    tab.page.get_by_text("Privacy is on.").wait_for()
    assert row.count() == 0


def test_all_wrong_settings_are_named_and_nothing_is_saved(tab: Tab, suite: Live) -> None:
    before = call(suite.home, "suite.settings-list", component="scan")
    tab.go("/settings/scan")
    tab.page.locator("#s-depth").fill("900")
    tab.page.locator("#s-ratio").fill("many")
    tab.page.locator("#s-members").fill("77")
    tab.page.get_by_role("button", name="Save").click()
    tab.page.get_by_text("2 settings are not right, so nothing was saved").wait_for()
    assert tab.page.locator("#s-depth").get_attribute("aria-invalid") == "true"
    assert tab.page.locator("#s-members").input_value() == "77"  # what was typed is still there
    assert call(suite.home, "suite.settings-list", component="scan") == before
    assert not [said for said in tab.complaints if "400" not in said]
    tab.complaints.clear()


@pytest.mark.parametrize(("scheme", "pages"), [("light", PAGES), ("dark", DARK_PAGES)])
def test_nobody_stumbles_over_a_page_and_none_is_too_wide(
    tab: Tab, axe: str, scheme: str, pages: tuple[str, ...]
) -> None:
    tab.page.emulate_media(color_scheme=scheme)
    problems: list[Any] = []
    for path in pages:
        tab.page.set_viewport_size({"width": 1280, "height": 900})
        tab.go(path)
        tab.page.evaluate(axe)
        found = tab.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        problems += [(path, each["id"], [node["html"][:150] for node in each["nodes"]]) for each in found]
        for width in (1280, 360):
            tab.page.set_viewport_size({"width": width, "height": 740})
            problems += [(path, width, element) for element in tab.page.evaluate(_TOO_WIDE)]
    tab.page.set_viewport_size({"width": 1280, "height": 900})
    assert problems == []
    assert [said for said in tab.complaints if "404" not in said] == []


def test_the_keyboard_alone_is_enough(tab: Tab) -> None:
    tab.go("/issues")
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.className") == "skip"
    tab.page.keyboard.press("Enter")
    assert tab.page.evaluate("document.activeElement.id") == "main"
    tab.go("/")
    unseen = []
    for _ in range(40):
        tab.page.keyboard.press("Tab")
        element, is_seen = tab.page.evaluate(_PASSED_OVER)
        unseen += [] if is_seen or element.startswith("<body") else [element]
    assert unseen == []


def test_the_menu_opens_on_a_telephone(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 360, "height": 740})
    tab.go("/")
    assert not tab.page.get_by_role("link", name="Databases").first.is_visible()
    tab.page.locator(".bar-top > summary").click()
    tab.page.locator(".bar-top").get_by_role("link", name="Databases").click()
    tab.page.wait_for_url("**/databases")
    tab.page.set_viewport_size({"width": 1280, "height": 900})


def test_the_switch_makes_pages_dark_and_is_remembered(suite: Live, chromium: Any) -> None:
    tab = Tab(suite, chromium, color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = tab.page.evaluate(background)
    tab.page.locator("nav.side").get_by_role("button", name="Dark").click()
    tab.page.locator("html[data-scheme=dark]").wait_for()
    tab.go("/about")
    assert tab.page.evaluate(background) != light
    assert tab.page.locator("nav.side").get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
    tab.context.close()


def test_all_of_it_works_without_javascript(suite: Live, chromium: Any, tmp_path: Path) -> None:
    tab = Tab(suite, chromium, java_script_enabled=False)
    bad = tmp_path / "bad.com"
    bad.write_bytes(EICAR)
    tab.go("/scan")
    tab.page.get_by_label("Files and folders", exact=True).fill(str(bad))
    tab.page.locator("#files-action").select_option("quarantine")
    tab.page.get_by_role("button", name="Scan", exact=True).click()
    tab.page.get_by_text("Found, and put into quarantine").first.wait_for()  # the page loads itself anew meanwhile
    assert not bad.exists()
    tab.page.get_by_role("button", name="Restore").click()
    tab.page.get_by_text("Done for 1 file.").wait_for()
    tab.go("/settings/console")
    tab.page.locator("#s-idle_minutes").fill("59")
    tab.page.get_by_role("button", name="Save").click()
    tab.page.get_by_text("Changed: idle_minutes.").wait_for()
    tab.context.close()
