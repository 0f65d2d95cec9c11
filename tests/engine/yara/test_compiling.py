from garrison.engine.yara.compiling import compile_rules

GOOD = 'rule good { meta: threat = "Good.Name" kind = "miner" certainty = "known" condition: filesize == 1 }'
BARE = 'rule bare { meta: kind = "monster" number = 5 condition: filesize == 2 }'


def test_a_wrong_rule_is_left_out_alone_and_named() -> None:
    wrong = "rule wrong { condition: nonsense }"
    compiled = compile_rules([("a", wrong + GOOD), ("b", "rule cut {"), ("c", 'include "/etc/passwd"'), ("d", BARE)])
    assert compiled.count == 2
    assert [(skipped.where, skipped.what) for skipped in compiled.skipped] == [
        ("a", "rule wrong"),
        ("b", "line 1"),
        ("c", "the whole file"),
    ]
    assert all(skipped.why for skipped in compiled.skipped)


def test_text_that_is_no_text_is_named() -> None:
    assert [skipped.where for skipped in compile_rules([("a", "\udcff")]).skipped] == ["a"]


def test_rules_of_one_name_live_side_by_side() -> None:
    assert compile_rules([("a", GOOD), ("b", GOOD)]).count == 2


def test_the_same_rules_give_the_same_bytes() -> None:
    assert compile_rules([("a", GOOD), ("b", BARE)]) == compile_rules([("a", GOOD), ("b", BARE)])
