"""./dev component NAME: a new component that passes the contract suite as it stands."""

import re
from pathlib import Path

from tools import golden

_CATALOGUE = Path("src/garrison/daemon/catalogue.py")


def main(arguments: list[str]) -> int:
    """Write the component, its test and its changelog fragment, and enter it in the catalogue."""
    if len(arguments) != 1 or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", arguments[0]):
        print("Usage: ./dev component NAME, in small letters with hyphens: usb-guard")
        return 1
    name = arguments[0]
    folder = name.replace("-", "_")
    package = Path("src/garrison/components") / folder
    if package.exists():
        print(f"There is a component {name} already: {package}")
        return 3
    cls = "".join(part.capitalize() for part in name.split("-"))
    title = name.replace("-", " ").capitalize()
    values = {"name": name, "folder": folder, "cls": cls, "title": title}
    for path, template in _FILES.items():
        target = Path(path.format(**values))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(template.format(**values), "utf-8")
        print(f"made {target}")
    _enter(values)
    print(f"entered in {_CATALOGUE}")
    print(f"Now write what {title} does, then: ./dev golden && ./dev test")
    return 0


def _enter(values: dict[str, str]) -> None:
    """Add the import and the entry. The golden files are written by a fresh process, which sees the new class."""
    text = _CATALOGUE.read_text("utf-8")
    line = "from garrison.components.{folder}.component import {cls}\n".format(**values)
    imports = sorted({*re.findall(r"^from garrison\.components\..+\n", text, re.MULTILINE), line})
    first = text.index("from garrison.components.")
    last = text.index("from garrison.daemon.suite")
    text = text[:first] + "".join(imports) + text[last:]
    text = text.replace("\n)\n\n\ndef manifests", "\n    {cls},\n)\n\n\ndef manifests".format(**values))
    _CATALOGUE.write_text(text, "utf-8")
    golden.write_in_fresh_process()


_FILES = {
    "src/garrison/components/{folder}/__init__.py": '"""{title}."""\n',
    "src/garrison/components/{folder}/component.py": '''"""The {name} component."""

from garrison import sdk


class {cls}Checked(sdk.Event):
    """Somebody asked how it is doing."""

    says = "{title} was asked how it is doing"


class {cls}State(sdk.Result):
    """How it is doing."""

    says = "{title} is {{state}}."
    state: str


class {cls}(sdk.Component[sdk.Settings]):
    """Says in one sentence what {name} does for people."""

    id = "{name}"
    title = "{title}"
    events = ({cls}Checked,)
    default_operation = "show"

    @sdk.action("{title}", access=sdk.Access.VIEW)
    def show(self) -> {cls}State:
        """Say how it is doing."""
        self.host.report({cls}Checked())
        return {cls}State(state="on" if self.settings.enabled else "off")
''',
    "tests/components/{folder}/test_component.py": '''"""Tests of the {name} component."""

from garrison.components.{folder}.component import {cls}, {cls}Checked
from garrison.sdk.testing import stage


def test_says_how_it_is_doing() -> None:
    staged = stage({cls})
    assert staged.component.show().state == "on"
    assert [type(event) for event in staged.reported] == [{cls}Checked]
''',
    "changes/+{name}.added.md": "{title}: a new component (`garrison {name}`).\n",
}
