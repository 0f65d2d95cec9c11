"""Every component describes itself well enough for every surface to grow from it."""

import ast
import re
from pathlib import Path

import pytest

from garrison.cli import commands
from garrison.daemon.catalogue import COMPONENTS, manifests
from garrison.sdk import AnyComponent
from garrison.sdk.describe import names_in
from garrison.sdk.operations import signatures
from garrison.sdk.plain import to_plain, validate
from garrison.sdk.values import values_of
from garrison.wire.golden import golden, golden_text
from garrison.wire.manifest import SUITE, Manifest, Operation, dump
from tests.contract.cases import EVERYTHING, MANIFESTS, OPERATIONS, calls_of

_SENTENCE = re.compile(r"[A-Z“].*[.?]")
_SECRET_NAME = re.compile(r"(^|_)(password|passphrase|secret|token|pin)($|_)")
_OWN_COMMANDS = {"start", "stop", "restart", "upgrade", "completion", "uninstall", "setup", "help"}
by_id = pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.id)
by_class = pytest.mark.parametrize("cls", COMPONENTS, ids=lambda cls: cls.id)
by_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)


def test_the_golden_manifest_is_what_the_code_says() -> None:
    assert golden_text() == dump(manifests()), "the surface has changed: run ./dev golden and review the difference"
    assert golden() == manifests()


@by_id
def test_names_itself(manifest: Manifest) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", manifest.id)
    assert manifest.title
    assert _SENTENCE.fullmatch(manifest.help), manifest.help


@by_class
def test_folder_docs_and_tests_bear_its_name(cls: type[AnyComponent], repository: Path) -> None:
    folder = cls.id.replace("-", "_")
    assert cls.__module__.startswith(f"garrison.components.{folder}.")
    assert (repository / "docs" / "reference" / f"{cls.id}.md").is_file()
    assert list((repository / "tests" / "components" / folder).glob("test_*.py"))


@by_operation
def test_operations_are_told_in_a_sentence(operation: Operation) -> None:
    assert operation.title
    assert _SENTENCE.fullmatch(operation.help.splitlines()[0]), operation.help
    for value in operation.parameters:
        assert value.title, value.name


@by_class
def test_defaults_are_valid_and_settings_survive_the_way_to_disk_and_back(cls: type[AnyComponent]) -> None:
    model = cls.settings_type()
    settings = model()
    assert validate(model, to_plain(settings), values_of(model)) == settings
    assert "enabled" in model.model_fields


@by_id
def test_secrets_are_typed(manifest: Manifest) -> None:
    for value in [*manifest.settings, *(value for op in manifest.operations for value in op.parameters)]:
        assert value.kind == "secret" or not _SECRET_NAME.search(value.name), value.name


@by_id
def test_events_are_past_and_their_sentences_can_be_filled(manifest: Manifest) -> None:
    for event in manifest.events:
        assert re.fullmatch(r"([A-Z][a-z]+)+", event.id), event.id
        assert names_in(event.says) <= set(event.fields), event.says


def test_every_reported_event_is_declared() -> None:
    declared = {event.__name__ for cls in EVERYTHING for event in cls.events}
    for path, call in calls_of("report"):
        for node in ast.walk(call):
            name = getattr(getattr(node, "func", None), "id", "")
            if re.fullmatch(r"([A-Z][a-z]+){2,}", name):
                assert name in declared, f"{path}:{call.lineno}: {name} is not among its component's events"


def test_every_text_can_be_translated() -> None:
    count = 0
    for path, call in calls_of("Text"):
        first = call.args[0]
        assert isinstance(first, ast.Constant | ast.Attribute), f"{path}:{call.lineno}: a text must stand whole"
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            given = {keyword.arg for keyword in call.keywords}
            assert None in given or names_in(first.value) <= given, f"{path}:{call.lineno}: {first.value}"
            count += 1
    assert count > 20


def test_every_fix_exists_and_needs_nothing_more() -> None:
    operations = {operation.id: operation for operation in OPERATIONS}
    fixes = [
        (path, str(keyword.value.value))
        for path, call in calls_of("Issue")
        for keyword in call.keywords
        if keyword.arg == "fix" and isinstance(keyword.value, ast.Constant) and keyword.value.value
    ]
    assert fixes
    for path, fix in fixes:
        assert fix in operations, f"{path}: {fix}"
        assert not any(value.required for value in operations[fix].parameters), f"{path}: {fix}"


def test_short_names_collide_with_nothing() -> None:
    taken = set(_OWN_COMMANDS)
    assert {name.removeprefix("_").replace("_", "-") for name in dir(commands) if name in _own_names()} <= taken
    for manifest in MANIFESTS:
        assert manifest.id not in taken
        taken.add(manifest.id)
    for manifest in MANIFESTS:
        for alias, target in manifest.aliases.items():
            assert alias not in taken, alias
            assert alias.partition(" ")[0] not in {other.id for other in MANIFESTS}, alias
            assert manifest.operation(target.partition(".")[2]), target
            taken.add(alias)


def _own_names() -> set[str]:
    return {f"_{name}" for name in _OWN_COMMANDS}


@by_id
def test_operation_names_are_free(manifest: Manifest) -> None:
    names = [operation.name for operation in manifest.operations]
    assert len(names) == len(set(names))
    if manifest.default:
        assert manifest.default in names
    assert manifest.id == SUITE or not manifest.aliases or all(" " not in alias for alias in manifest.aliases)


@pytest.mark.parametrize("cls", EVERYTHING, ids=lambda cls: cls.id)
def test_tasks_take_a_job(cls: type[AnyComponent]) -> None:
    for signature in signatures(cls).values():
        assert ("job" in signature.takes) == signature.mark.is_task, signature.name
