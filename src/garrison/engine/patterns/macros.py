"""Macros counted as clamscan counts them: by the last match of the group, and only once the part before recurs."""

from collections.abc import Sequence


def recount(before: Sequence[int], group: Sequence[int], least: int, most: int) -> tuple[int, int]:
    """Return the counts of the part before a macro and of the macro. before, group: where both match, sorted.

    libclamav checks the distance when the part before matches another time, and at the end; of the group it knows
    only the last match up to then. A match of the part before that no macro follows is taken back.
    """
    count = macros = 0
    last = last_macro = -1
    events = sorted([(start, False) for start in before] + [(start, True) for start in group])
    for start, is_macro in events:
        if is_macro:
            last_macro = start
            continue
        if start <= last:
            continue
        count += 1
        if count == 1:
            last = start
        elif _is_led(last, last_macro, least, most):
            macros += 1
        else:
            count -= 1
            last = start
    if count > 1:
        if _is_led(last, last_macro, least, most):
            macros += 1
        else:
            count -= 1
    return count, macros


def _is_led(start: int, macro: int, least: int, most: int) -> bool:
    return macro >= 0 and start + least <= macro <= start + most
