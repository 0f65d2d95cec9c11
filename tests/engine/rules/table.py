"""The table of our rules in the documentation. python -m tests.engine.rules.table writes it anew."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
RULES = ROOT / "src/garrison/engine/rules"
PAGE = ROOT / "docs/explanation/own-rules.md"
HEAD = ("Threat", "Kind", "Certainty", "What it is")
FIELDS = ("threat", "kind", "certainty", "description")
_META = re.compile(r'^        (\w+) = "(.*)"$', re.MULTILINE)
_OLD = re.compile(r"\| Threat \|.*\Z", re.DOTALL)


def metas() -> list[dict[str, str]]:
    """The meta fields of all rules, file by file, as they stand there."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(RULES.glob("*.yar"))]
    blocks = [block for text in texts for block in re.findall(r"    meta:\n(.*?)    strings:", text, re.DOTALL)]
    return [dict(_META.findall(block)) for block in blocks]


def table() -> str:
    """Return the table as Markdown, by threat."""
    rows = [HEAD, ("---",) * len(HEAD)]
    rows += sorted(tuple(meta[name] for name in FIELDS) for meta in metas())
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def main() -> None:
    """Write the table into the page."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_OLD.sub(lambda _: table(), page), encoding="utf-8")


if __name__ == "__main__":
    main()
