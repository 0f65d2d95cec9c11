"""Settings of the boot loader GRUB: what they start, with what, and from where.

The GRUB manual 2.06, "Shell-like scripting" and "Commands". All branches are read as if they were taken, and a variable
has the value that the text gave it last. The shell files from which GRUB's settings are made are read alike: what they
only put together when they run is not seen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

MOST_BYTES = 1024 * 1024
MOST_FACTS = 2000
MOST_CHARS = 500  # of one value
_MOST_VALUE = 4096  # of a variable
_MOST_VARIABLES = 1000
_TOKEN = re.compile(
    r"(?P<blank>(?:[ \t\r]|\\\n)+)|(?P<end>[\n;{}&|]+)"
    r"|(?P<word>(?:\$\{\w{1,200}\}|[^\s;{}&|'\"\\]|\\[\s\S]|'[^']*'|\"(?:\\[\s\S]|[^\"\\])*\")+)|(?P<odd>[\s\S])"
)
_COMMENT = re.compile(r"#[^\n]*")
_PIECE = re.compile(r"'[^']*'|\"(?:\\[\s\S]|[^\"\\])*\"|\\[\s\S]|[^'\"\\]+|[\s\S]")
_VARIABLE = re.compile(r"\$\{(\w{1,200})\}|\$(\w{1,200})")
_ASSIGNMENT = re.compile(r"(\w{1,200})\+?=(.*)\Z", re.DOTALL)
_ESCAPED = re.compile(r"\\(\n|[\s\S])")
_LEADING = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "function", "export", "time"})
_KERNELS = frozenset({"linux", "linux16", "linuxefi", "multiboot", "multiboot2", "xen_hypervisor"})
_INITRDS = frozenset({"initrd", "initrd16", "initrdefi"})
_OTHERS = frozenset({"configfile", "source", "."})
_PASSWORDS = frozenset({"password", "password_pbkdf2"})
_INIT = ("init=", "rdinit=")


class Says(StrEnum):
    """What settings can say of a value."""

    KERNEL = "kernel"  # it is started
    INITRD = "initrd"  # it is given to the kernel
    INIT = "init"  # the kernel starts it first
    CHAIN = "chain"  # it is started in the loader's place
    MODULE = "module"  # it is loaded into the loader, from this very path
    SETTINGS = "settings"  # they are read from there as well
    PASSWORD = "password"  # noqa: S105 # who needs one
    TOO_MUCH = "too-much"  # and more, which is not told


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the settings say. line: where, from 1."""

    says: Says
    untrusted_value: str
    line: int


def read(content: bytes) -> list[Fact]:
    """Return what settings say, in their order; of too many things the first ones, and that there are more."""
    found: list[Fact] = []
    for fact in _facts(content[:MOST_BYTES].decode("utf-8", "surrogateescape")):
        if len(found) >= MOST_FACTS:
            return [*found, Fact(Says.TOO_MUCH, "", fact.line)]
        found.append(fact)
    if len(content) > MOST_BYTES:
        found.append(Fact(Says.TOO_MUCH, "", 0))
    return found


def _facts(text: str) -> Iterator[Fact]:
    variables: dict[str, str] = {}
    for line, tokens in _commands(text):
        words = [_expanded(token, variables) for token in tokens]
        while words and words[0] in _LEADING:
            del words[0]
        if words:
            yield from _of_command(words, line, variables)


def _commands(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each command's words as they are written, and its line."""
    words: list[str] = []
    at, line, begun = 0, 1, 1
    while at < len(text):
        comment = None if at and text[at - 1] not in " \t\r\n;{}&|" else _COMMENT.match(text, at)
        match = comment or _TOKEN.match(text, at)
        if match is None:
            break
        token, at = match[0], match.end()
        if comment is None and match.lastgroup == "word":
            begun = begun if words else line
            words.append(token)
        elif comment is None and match.lastgroup == "end" and words:
            yield begun, words
            words = []
        line += token.count("\n")
    if words:
        yield begun, words


def _of_command(words: list[str], line: int, variables: dict[str, str]) -> Iterator[Fact]:
    command, arguments = words[0], words[1:]
    given = [word for word in arguments if not word.startswith("--")]
    if command in _KERNELS and given:
        yield _fact(Says.KERNEL, given[0], line)
        yield from _inits(given[1:], line)
    elif command in _INITRDS:
        yield from (_fact(Says.INITRD, word, line) for word in given)
    elif command == "chainloader" and given:
        yield _fact(Says.CHAIN, given[0], line)
    elif command == "insmod" and given and "/" in given[0]:
        yield _fact(Says.MODULE, given[0], line)
    elif command in _OTHERS and given:
        yield _fact(Says.SETTINGS, given[0], line)
    elif command in _PASSWORDS and given:
        yield _fact(Says.PASSWORD, given[0], line)
    else:
        yield from _assigned(arguments if command == "set" else words, line, variables)


def _assigned(words: list[str], line: int, variables: dict[str, str]) -> Iterator[Fact]:
    """Note what variables are set to; what the kernel gets by one of them is told."""
    for word in words:
        match = _ASSIGNMENT.match(word)
        if match is None:
            return
        if match[1] in variables or len(variables) < _MOST_VARIABLES:
            variables[match[1]] = match[2][:_MOST_VALUE]
        if match[1].startswith("GRUB_CMDLINE"):
            yield from _inits([match[2]], line)


def _inits(words: list[str], line: int) -> Iterator[Fact]:
    for parameter in " ".join(words).split():
        if parameter.startswith(_INIT):
            yield _fact(Says.INIT, parameter.partition("=")[2], line)


def _fact(says: Says, value: str, line: int) -> Fact:
    return Fact(says, value[:MOST_CHARS], line)


def _expanded(token: str, variables: dict[str, str]) -> str:
    """Return a word without its quotes, with the values of variables in their place; unknown ones stay."""

    def value(match: re.Match[str]) -> str:
        return variables.get(match[1] or match[2], match[0])

    out: list[str] = []
    for piece in _PIECE.findall(token):
        if piece[0] == "'" and len(piece) > 1:
            out.append(piece[1:-1])
        elif piece[0] == '"' and len(piece) > 1:
            out.append(_ESCAPED.sub(_unescaped, _VARIABLE.sub(value, piece[1:-1])))
        elif piece[0] == "\\":
            out.append(_ESCAPED.sub(_unescaped, piece))
        else:
            out.append(_VARIABLE.sub(value, piece))
    return "".join(out)[: 4 * _MOST_VALUE]


def _unescaped(match: re.Match[str]) -> str:
    return "" if match[1] == "\n" else match[1]
