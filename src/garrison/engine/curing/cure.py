"""Cures one file: makes a form of it in which nothing is found, and which is otherwise what it was."""

from collections.abc import Callable
from dataclasses import dataclass

from garrison.engine.curing import compounds, tars, zips
from garrison.engine.curing.compound_files import NoCompound
from garrison.engine.curing.lines import without_injected_lines
from garrison.engine.curing.parts import Questions, TooManyQuestions
from garrison.engine.identify import identify
from garrison.engine.type import Type

_SCRIPTS = frozenset(
    {
        Type.SHELL,
        Type.PYTHON,
        Type.PERL,
        Type.RUBY,
        Type.PHP,
        Type.JAVASCRIPT,
        Type.HTML,
        Type.SCRIPT,
        Type.TEXT,
        Type.BATCH,
        Type.POWERSHELL,
        Type.VBSCRIPT,
    }
)


class NotCurable(Exception):  # no error of ours: the file is dealt with otherwise
    """There is no form of the file without what is harmful. The words say why, without a full stop."""


@dataclass(frozen=True, slots=True)
class Cured:
    """A harmless form of a file. removed: what was taken out, in words: names of members, "line 3"."""

    content: bytes
    removed: tuple[str, ...]


def cure(content: bytes, is_clean: Callable[[bytes], bool]) -> Cured:
    """Return the file without what is harmful in it.

    is_clean: whether nothing is found in a content that goes by the file's name. Raises NotCurable.
    """
    questions = Questions(is_clean)
    try:
        cured = _cured(content, identify(content[:4096]), questions)
        if not cured.removed or not questions.is_clean(cured.content):
            raise NotCurable("what is harmful in it could not be told from the rest")
    except TooManyQuestions:
        raise NotCurable("it would take too long to find what is harmful in it") from None
    except (zips.NoZip, tars.NoTar) as error:
        raise NotCurable(f"the archive cannot be rewritten: {error}") from error
    except NoCompound as error:
        raise NotCurable(f"the document cannot be rewritten: {error}") from error
    except MemoryError:
        raise NotCurable("it is too large") from None
    return cured


def _cured(content: bytes, kind: Type, questions: Questions) -> Cured:
    if kind is Type.ZIP:
        return _zip(content, questions)
    if kind is Type.TAR or kind in tars.COMPRESSED:
        cured, names = tars.without_members(content, kind, questions)
        return Cured(cured, tuple(names))
    if kind is Type.OLE:
        cured, names = compounds.without_macros(content)
        return Cured(cured, tuple(names))
    if kind in _SCRIPTS:
        without = without_injected_lines(content, questions)
        if without is None:
            raise NotCurable("there is nothing in it but what is harmful")
        return Cured(without[0], tuple(without[1]))
    if kind is Type.RTF:
        raise NotCurable("objects that are embedded in a document of this kind (rtf) are not taken out")
    raise NotCurable(f"nothing can be taken out of files of this kind ({kind.value})")


def _zip(content: bytes, questions: Questions) -> Cured:
    """Take the macros out of a document, the members out of anything else."""
    try:
        cured, names = zips.without_macros(content)
    except zips.NoZip:
        if _is_document(content):
            raise
    else:
        return Cured(cured, tuple(names))
    cured, names = zips.without_members(content, questions)
    return Cured(cured, tuple(names))


def _is_document(content: bytes) -> bool:
    """Return whether it is a document, in which no part but macros can be missed."""
    return b"[Content_Types].xml" in content[:4096] or content[30:38] == b"mimetype"
