"""The tray's own texts, in the language of the desktop's session."""

import os
from collections.abc import Mapping
from typing import Any

from garrison.base.languages import Translator, available, preferred, translator


def reader(environment: Mapping[str, str] = os.environ) -> Translator:
    """Return who puts texts into the reader's language (gettext's manual, "Locale Environment Variables")."""
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    wanted = [part.partition(".")[0].partition("@")[0] for part in (environment.get("LANGUAGE") or named).split(":")]
    return translator(preferred(",".join(wanted).replace("_", "-"), available()))


class Phrases:
    """Texts in one language."""

    def __init__(self, t: Translator) -> None:
        self.t = t

    def phrase(self, text: str, many: str = "", **values: Any) -> str:
        """Return a text of ours with its values; many: its form for other counts than one."""
        if many:
            count = int(values.pop("count"))
            return self.t.plural(text, many, count, values)
        return self.t.text(text, values)
