import time
from pathlib import Path

import pytest

from garrison.abilities.databases.feeds.yara import Yara
from garrison.base.errors import Invalid
from tests.abilities.databases.feeds.kit import Desk, feed, packings

RULE = b'import "pe"\n  private global rule One { condition: true }\n'


@pytest.mark.parametrize("packing", ["zip", "tar", "tar in gzip"])
def test_rules_come_out_under_names_that_lead_nowhere(tmp_path: Path, packing: str) -> None:
    desk = Desk(tmp_path, Yara(), feed("yara"))
    members = {"../../etc/a b.YAR": RULE, "b.yara": RULE + b"#", "c.txt": RULE, "d.yar": b"// the rule of law\n"}
    desk.put("rules", packings(members)[packing])
    assert desk.accept().about == {"files": "2"}
    assert desk.written() == {"0001-..-..-etc-a_b.yar": RULE, "0002-b.yar": RULE + b"#"}


def test_one_file_of_rules_needs_no_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Yara(), feed("yara"))
    desk.put("rules", RULE)
    desk.accept()
    assert list(desk.written().values()) == [RULE]


@pytest.mark.parametrize("content", [b"", b"rule\n", b"<html>as a rule we</html>", b"//rule x"])
def test_without_any_rule_it_is_refused(tmp_path: Path, content: bytes) -> None:
    desk = Desk(tmp_path, Yara(), feed("yara"))
    desk.put("rules", content)
    with pytest.raises(Invalid, match="holds no YARA rules"):
        desk.accept()


@pytest.mark.parametrize("filler", [b"\n", b" ", b" \n", b"private ", b"global\t"])
def test_blanks_without_end_take_no_time(tmp_path: Path, filler: bytes) -> None:
    desk = Desk(tmp_path, Yara(), feed("yara"))
    desk.put("rules", filler * (4_000_000 // len(filler)))
    began = time.process_time()
    with pytest.raises(Invalid):
        desk.accept()
    assert time.process_time() - began < 2
