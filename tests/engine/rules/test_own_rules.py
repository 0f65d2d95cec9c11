"""Our own rules: each hits its samples and nothing else, and none hits this repository."""

import html
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yara_x

from garrison.engine.type import Type
from garrison.engine.yara.compiling import compile_rules
from garrison.engine.yara.rulebook import Rulebook
from tests.engine.rules.samples import FOLDER, PARTS, Sample, decode, encode, load
from tests.engine.rules.table import PAGE, metas, table

ROOT = Path(__file__).parents[3]
RULES = ROOT / "src/garrison/engine/rules"
KINDS = {
    "virus", "trojan", "backdoor", "miner", "ransomware", "web-shell", "exploit", "riskware", "adware", "test",
}  # fmt: skip
META = ("threat", "kind", "certainty", "description", "reference", "types")
TEXT_TYPES = ("text", "shell", "python")
BINARY = {"elf", "gif", "rtf", "pdf", "lnk", "onenote"}
SAMPLES = load()
NAMES = [sample.rule for sample in SAMPLES]
EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-" + "TEST-FILE!$H+H*").encode("ascii")


def compiler() -> yara_x.Compiler:
    made = yara_x.Compiler()
    made.define_global("object_type", "")
    for path in sorted(RULES.glob("*.yar")):
        made.add_source(path.read_text(encoding="utf-8"), path.name)
    return made


@cache
def rules() -> yara_x.Rules:
    return compiler().build()


@cache
def scanner() -> Any:  # the stubs of yara_x lack set_global
    return yara_x.Scanner(rules())


def hits(data: bytes, object_type: str) -> list[str]:
    scanner().set_global("object_type", object_type)
    return [rule.identifier for rule in scanner().scan(data).matching_rules]


@cache
def rulebook() -> Rulebook:
    """Return the rules as the engine holds them."""
    made = compile_rules((path.name, path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yar")))
    assert made.skipped == ()
    return Rulebook(made.content, seconds=30)


@cache
def public() -> dict[str, dict[str, object]]:
    """The meta fields of every rule that people can see, by its name."""
    return {rule.identifier: dict(rule.metadata) for rule in rules() if not _is_private(rule.identifier)}


def _is_private(name: str) -> bool:
    return any(f"private rule {name}\n" in path.read_text(encoding="utf-8") for path in RULES.glob("*.yar"))


def own_files() -> list[Path]:
    places = [ROOT / name for name in ("src", "docs", "tests", "bench", "tools", "packaging", "changes", "dev")]
    found = [path for place in places for path in place.rglob("*") if path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts]


def test_the_set_compiles_without_warnings() -> None:
    assert compiler().warnings() == []


def test_files_stay_short() -> None:
    for path in RULES.glob("*.yar"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 400, path.name


def test_each_file_compiles_by_itself() -> None:
    for path in RULES.glob("*.yar"):
        alone = yara_x.Compiler()
        alone.define_global("object_type", "")
        alone.add_source(path.read_text(encoding="utf-8"), path.name)


def test_every_rule_says_what_it_finds() -> None:
    for name, meta in public().items():
        assert tuple(meta) == META, name
        assert all(isinstance(value, str) and value for value in meta.values()), name
        assert meta["kind"] in KINDS, name
        assert meta["certainty"] in {"known", "probable"}, name


def test_every_rule_names_the_types_that_it_can_hit() -> None:
    samples = {sample.rule: sample.object_type for sample in SAMPLES}
    for name, meta in public().items():
        types = str(meta["types"]).split(",")
        assert types == ["*"] or {samples[name], *types} <= {kind.value for kind in Type}, name
        assert types == ["*"] or samples[name] in types, name


def test_no_rule_hits_an_object_of_a_type_that_it_does_not_name() -> None:
    for sample in SAMPLES:
        types = str(public()[sample.rule]["types"]).split(",")
        others = [kind.value for kind in Type if kind.value not in types and types != ["*"]]
        assert not any(sample.rule in hits(sample.positive, kind) for kind in others), sample.rule


def test_threat_names_are_whole_and_unique() -> None:
    threats = [str(meta["threat"]) for meta in public().values()]
    assert len(set(threats)) == len(threats)
    for threat in threats:
        assert threat == "EICAR-Test-File" or re.fullmatch(r"[A-Z][A-Za-z]+\.[A-Z][A-Za-z]+\.[A-Za-z0-9]+", threat)


def test_every_rule_has_a_sample_and_every_sample_a_rule() -> None:
    assert sorted(public()) == sorted(NAMES)


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_positive_and_variant_hit_their_rule_alone(sample: Sample) -> None:
    assert hits(sample.positive, sample.object_type) == [sample.rule]
    assert hits(sample.variant, sample.object_type) == [sample.rule]


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_the_engine_sees_the_same(sample: Sample) -> None:
    kind, meta = Type(sample.object_type), public()[sample.rule]
    for data in (sample.positive, sample.variant):
        found, trouble = rulebook().match(data, kind)
        assert [(hit.rule, hit.threat, hit.kind.value, hit.certainty.value) for hit in found] == [
            (sample.rule, meta["threat"], meta["kind"], meta["certainty"])
        ]
        assert not trouble
    assert rulebook().match(sample.near_miss, kind) == ([], "")


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_near_miss_hits_nothing(sample: Sample) -> None:
    for object_type in {sample.object_type, "text", "shell", "python", "php", "html", "xml", "data"}:
        assert hits(sample.near_miss, object_type) == []


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each.object_type not in BINARY])
def test_neither_line_ends_nor_a_missing_type_matter(sample: Sample) -> None:
    for data in (sample.positive, sample.variant):
        assert hits(data.replace(b"\n", b"\r\n"), sample.object_type) == [sample.rule]
        assert hits(data, "text") == [sample.rule]


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_a_wrongly_typed_sample_hits_no_other_rule(sample: Sample) -> None:
    for object_type in ("text", "shell", "python", "perl", "php", "html", "xml", "elf", "data"):
        for data in (sample.positive, sample.variant):
            assert set(hits(data, object_type)) <= {sample.rule}


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    assert len(metas()) == len(public())
    assert PAGE.read_text(encoding="utf-8").endswith("\n\n" + table())


def test_samples_are_scrambled_and_come_back() -> None:
    assert decode(encode(b"some text\n" * 30)) == b"some text\n" * 30
    assert encode(b"") == []
    for path in FOLDER.glob("*.json"):
        assert not hits(path.read_bytes(), "text")


def test_no_two_objects_are_alike() -> None:
    objects = [re.sub(rb"\s+", b"", getattr(sample, part)) for sample in SAMPLES for part in PARTS]
    assert len(set(objects)) == len(objects)


def test_the_repository_itself_is_clean() -> None:
    files = own_files()
    assert files
    found = {
        (str(path.relative_to(ROOT)), object_type): names
        for path in files
        for object_type in TEXT_TYPES
        if (names := hits(path.read_bytes(), object_type))
    }
    assert found == {}


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n", b" \t\r\n\x1a", b" " * 60])
def test_eicar_may_end_in_white_space(tail: bytes) -> None:
    assert hits(EICAR + tail, "text") == ["EICAR_Test_File"]


@pytest.mark.parametrize(
    "data",
    [
        EICAR + b" " * 61,
        EICAR + b"\n" * 1000,
        EICAR + b"x",
        EICAR + b"\0",
        EICAR + b" x ",
        b" " + EICAR,
        b"\xef\xbb\xbf" + EICAR,
        EICAR[:-1],
        EICAR.lower(),
        EICAR + EICAR[:40],
    ],
)
def test_eicar_is_strict(data: bytes) -> None:
    assert hits(data, "text") == []


@pytest.mark.parametrize("object_type", ["text", "data", "shell", "html", ""])
def test_eicar_is_found_whatever_the_type(object_type: str) -> None:
    assert hits(EICAR, object_type) == ["EICAR_Test_File"]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("Office_Macro_")])
def test_a_text_about_a_macro_is_none(name: str) -> None:
    source = next(sample.positive for sample in SAMPLES if sample.rule == name).decode()
    shown = "".join(f"    {line}\n" for line in source.splitlines())
    assert name in hits(source.encode(), "text")
    assert not hits(f"# What such macros look like\n\nFor example:\n\n{shown}".encode(), "text")
    assert not hits(f"<html><body><pre>{html.escape(source)}</pre></body></html>".encode(), "html")
