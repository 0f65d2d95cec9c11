from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.patterns.expression import holds, parse_expression
from garrison.engine.patterns.possible import possible

PARTS = 4
TERMS = st.tuples(st.integers(0, PARTS - 1), st.sampled_from(["", "=0", "=1", "=2", ">0", ">1", "<1", "<3"])).map(
    lambda term: f"{term[0]}{term[1]}"
)
GROUPS = st.recursive(
    TERMS,
    lambda inner: st.tuples(
        st.lists(inner, min_size=2, max_size=3),
        st.sampled_from("&|"),
        st.sampled_from(["", "", "=0", "=2", ">1", ">1,2", "<2"]),
    ).map(lambda made: f"({made[1].join(made[0])}){made[2]}"),
    max_leaves=6,
)
EXPRESSIONS = st.tuples(st.lists(GROUPS, min_size=1, max_size=4), st.sampled_from("&|")).map(
    lambda made: made[1].join(made[0])
)


@given(EXPRESSIONS, st.lists(st.integers(0, 3), min_size=PARTS, max_size=PARTS))
def test_what_holds_was_possible(text: str, counts: list[int]) -> None:
    tree = parse_expression(text, PARTS)
    if holds(tree, counts):
        assert possible(tree, {number for number, count in enumerate(counts) if count})


def test_a_missing_part_rules_an_expression_out() -> None:
    for text, present, expected in (
        ("0&1&2", {0, 1}, False),
        ("0|1", {1}, True),
        ("(0|1)>1&2", {0}, False),
        ("0&1=0", {0}, True),
        ("(0&1)=0", set(), True),
        ("0>2", set(), False),
    ):
        assert possible(parse_expression(text, 3), present) is expected, text
