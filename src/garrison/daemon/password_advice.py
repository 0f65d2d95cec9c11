"""How easily a password is guessed, by zxcvbn, in our own words."""

import zxcvbn_rs_py

from garrison.sdk import Text

_LONGEST = 100  # what is longer is not looked at whole: that takes long, and it is good enough
_GOOD_SCORE = 3
_WEAKNESSES = {  # by the names that zxcvbn gives them
    "StraightRowsOfKeysAreEasyToGuess": Text("Rows of keys are easy to guess."),
    "ShortKeyboardPatternsAreEasyToGuess": Text("Patterns on the keyboard are easy to guess."),
    "RepeatsLikeAaaAreEasyToGuess": Text("Repeats are easy to guess."),
    "RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess": Text("Repeats are easy to guess."),
    "ThisIsATop10Password": Text("It is among the ten most common passwords."),
    "ThisIsATop100Password": Text("It is among the hundred most common passwords."),
    "ThisIsACommonPassword": Text("It is a common password."),
    "ThisIsSimilarToACommonlyUsedPassword": Text("It is much like a common password."),
    "SequencesLikeAbcAreEasyToGuess": Text("Sequences are easy to guess."),
    "RecentYearsAreEasyToGuess": Text("Years are easy to guess."),
    "AWordByItselfIsEasyToGuess": Text("A word by itself is easy to guess."),
    "DatesAreOftenEasyToGuess": Text("Dates are easy to guess."),
    "NamesAndSurnamesByThemselvesAreEasyToGuess": Text("Names are easy to guess."),
    "CommonNamesAndSurnamesAreEasyToGuess": Text("Names are easy to guess."),
}


def advice(password: str) -> list[Text]:
    """Return what to know of a password that is easily guessed; nothing of a good one."""
    found = zxcvbn_rs_py.zxcvbn(password[:_LONGEST].encode("utf-8", "replace").decode("utf-8"))
    if int(found.score) >= _GOOD_SCORE:
        return []
    weakness = found.feedback.warning if found.feedback else None
    name = repr(weakness).rpartition(".")[2]
    said = [_WEAKNESSES[name]] if name in _WEAKNESSES else []
    return [
        *said,
        Text("It is easily guessed: three words or more that have nothing to do with each other are better."),
    ]
