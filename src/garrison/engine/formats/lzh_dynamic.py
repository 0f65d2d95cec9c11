"""The packing of the oldest LHA (lh1): a window of 4 KiB, and prefix codes that follow what came before.

No public specification; facts of The Unarchiver's decoder (XADMaster).
"""

from bisect import bisect_right
from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import PIECE, HighBits, copy, drain, high_first

_WINDOW = 4096
_SYMBOLS = 314
_NODES = 2 * _SYMBOLS - 1
_ROOT = _NODES - 1
_MOST = 0x8000  # of the root's weight
_FAR = high_first([3] + [4] * 3 + [5] * 8 + [6] * 12 + [7] * 24 + [8] * 16)


class Tree:
    """The codes: nodes in the order of their weights, the root last, two children next to each other.

    children: of each node the first of two, or the symbol and the number of nodes for a leaf. parents: by node, and by
    symbol and the number of nodes.
    """

    __slots__ = ("_weights", "children", "parents")

    def __init__(self) -> None:
        self._weights = [1] * _SYMBOLS
        self.children = [symbol + _NODES for symbol in range(_SYMBOLS)]
        self.parents = [0] * (_NODES + _SYMBOLS)
        for first in range(0, _NODES - 1, 2):
            self._weights.append(self._weights[first] + self._weights[first + 1])
            self.children.append(first)
        self._weights.append(0xFFFF)
        self._find_parents()

    def _find_parents(self) -> None:
        parents = self.parents
        for node, child in enumerate(self.children):
            parents[child] = node
            if child < _NODES:
                parents[child + 1] = node
        parents[_ROOT] = 0

    def used(self, symbol: int) -> None:
        """Give a symbol more weight."""
        weights, children, parents = self._weights, self.children, self.parents
        if weights[_ROOT] == _MOST:
            self._halve()
            weights, children = self._weights, self.children
        node = parents[symbol + _NODES]
        while True:
            weight = weights[node] + 1
            weights[node] = weight
            if weight > weights[node + 1]:
                other = node + 1
                while weight > weights[other + 1]:
                    other += 1
                weights[node], weights[other] = weights[other], weight
                for place, child in ((other, children[node]), (node, children[other])):
                    parents[child] = place
                    if child < _NODES:
                        parents[child + 1] = place
                children[node], children[other] = children[other], children[node]
                node = other
            node = parents[node]
            if not node:
                return

    def _halve(self) -> None:
        """Build the tree anew, with half the weights."""
        leaves = [place for place, child in enumerate(self.children) if child >= _NODES]
        weights = [(self._weights[place] + 1) // 2 for place in leaves]
        children = [self.children[place] for place in leaves]
        for first in range(0, _NODES - 1, 2):
            weight = weights[first] + weights[first + 1]
            place = bisect_right(weights, weight)
            weights.insert(place, weight)
            children.insert(place, first)
        self._weights = [*weights, 0xFFFF]
        self.children = children
        self._find_parents()


def unpacked(data: bytes, size: int) -> Iterator[bytes]:
    """Yield what packed bytes unpack to, `size` of them. Raises Incomplete."""
    out = bytearray(b" " * _WINDOW)  # what lies before the start is spaces
    return drain(_steps(HighBits(data), out, size), out, _WINDOW)


def _steps(bits: HighBits, out: bytearray, size: int) -> Iterator[None]:
    tree, left, stop = Tree(), size, size - PIECE
    while left > 0:
        children, node = tree.children, tree.children[_ROOT]
        while node < _NODES:
            if not bits.count:
                bits.fill()
            bits.count -= 1
            node = children[node + (bits.held >> bits.count & 1)]
        symbol = node - _NODES
        tree.used(symbol)
        if symbol < 256:
            out.append(symbol)
            left -= 1
        else:
            length = min(symbol - 253, left)
            distance = bits.symbol(_FAR) << 6
            copy(out, distance + bits.take(6) + 1, length)
            left -= length
        if left <= stop:
            yield
            stop = left - PIECE
