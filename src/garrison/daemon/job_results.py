"""What is told of one task: how far it is, and what came of it."""

from typing import Any

from garrison.base.errors import GarrisonError
from garrison.daemon.jobs import Answer, JobRow, RunningJob, State
from garrison.sdk import Result, Text, UntrustedText


class JobShown(JobRow, Result):
    """A task. text: what it is at. result: what it gave back, plain; None while it runs, and when it failed.

    lines: what it said at its end. exit: what a shell would have learned.
    """

    text: UntrustedText
    result: Any
    lines: list[UntrustedText]
    exit: int

    def sentences(self) -> list[Text]:
        """Say what it said."""
        if self.state is State.RUNNING:
            return [Text("{title} is under way.", title=self.title)]
        return [Text("{line}", line=line) for line in self.lines]

    def exit_code(self) -> int:
        """Return the task's own."""
        return self.exit


def shown(job: RunningJob) -> JobShown:
    """Return what is to be told of a task."""
    outcome = job.outcome
    lines: list[str] = []
    if isinstance(outcome, GarrisonError):
        lines = [text for text in (outcome.text, outcome.hint) if text]
    elif outcome is not None:
        lines = [str(text) for text in outcome.says]
    return JobShown.of(
        job,
        text=job.now.text,
        result=outcome.result if isinstance(outcome, Answer) else None,
        lines=lines,
        exit=outcome.exit_code if outcome is not None else 0,
    )
