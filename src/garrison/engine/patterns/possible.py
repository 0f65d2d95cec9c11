"""Whether a logical expression can hold at all, before anything is counted: most cannot, and counting is what costs."""

from collections.abc import Collection

from garrison.engine.patterns.expression import Tree


def possible(tree: Tree, present: Collection[int]) -> bool:
    """Return False only when the expression cannot hold as long as all parts but the present ones occur nowhere."""
    pending: list[tuple[str, bool]] = []
    while isinstance(tree, list) and len(tree) == 6 and not tree[3]:
        pending.append((tree[0], possible(tree[1], present)))
        tree = tree[2]
    is_possible = _one(tree, present)
    for operator, left in reversed(pending):
        is_possible = (left and is_possible) if operator == "&" else (left or is_possible)
    return is_possible


def _one(tree: Tree, present: Collection[int]) -> bool:
    if isinstance(tree, int):
        return tree in present
    modifier, figure = tree[-2:] if len(tree) == 3 else tree[3:5]
    if modifier == "<" or (modifier == "=" and not figure):
        return True  # it may hold because there is nothing
    return tree[0] in present if len(tree) == 3 else possible([*tree[:3], "", 0, 0], present)
