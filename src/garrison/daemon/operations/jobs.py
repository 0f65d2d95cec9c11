"""What is under way, and what runs by itself."""

from typing import Annotated, ClassVar

from garrison.daemon.accounts import account_named
from garrison.daemon.job_results import JobShown, shown
from garrison.daemon.jobs import JobRow
from garrison.daemon.operations.base import Operations
from garrison.daemon.scheduler import ScheduleRow
from garrison.daemon.suite_results import TaskFailed
from garrison.sdk import Access, Caller, Event, Said, Schedule, about, action


class JobOperations(Operations):
    """Show what is under way, and say what is to run by itself."""

    events: ClassVar[tuple[type[Event], ...]] = (TaskFailed,)
    aliases: ClassVar[dict[str, str]] = {
        "jobs": "jobs",
        "jobs cancel": "job-cancel",
        "jobs result": "job-show",
        "schedule": "schedule",
        "schedule set": "schedule-set",
    }

    @action("Jobs", access=Access.VIEW)
    def jobs(self, caller: Caller) -> list[JobRow]:
        """List the tasks under way and those that ended lately."""
        return self._parts.jobs.rows(caller)

    @action("Show a job", access=Access.VIEW)
    def job_show(self, job: Annotated[int, about("Its number, as jobs shows it")], caller: Caller) -> JobShown:
        """Show how far a task is, or what came of it."""
        return shown(self._parts.jobs.find(caller, job))

    @action("Cancel a job")
    def job_cancel(self, job: Annotated[int, about("Its number, as jobs shows it")], caller: Caller) -> Said:
        """Cancel a task under way."""
        found = self._parts.jobs.find(caller, job)
        found.cancel()
        return Said.of("Job {job}, {title}, is being cancelled.", job=job, title=found.title)

    @action("Schedule", access=Access.VIEW)
    def schedule(self) -> list[ScheduleRow]:
        """Show which tasks run by themselves, and when."""
        return self._scheduler.rows()

    @action("Schedule a task", access=Access.CONFIGURE)
    async def schedule_set(
        self,
        operation: Annotated[str, about("The task, as schedule shows it: scan.quick")],
        when: Annotated[str, about("manual; start; every 1 day at 12:30, if missed; when idle, not on battery ...")],
        caller: Caller,
        argument: Annotated[list[str], about("NAME=VALUE for the task: paths=/srv")] = [],  # never changed
        account: Annotated[str, about("Run it with this account's rights")] = "",
    ) -> Said:
        """Say when a task is to run by itself."""
        schedule = Schedule.parse(when)
        await self._scheduler.check(schedule)
        arguments = self._parts.door.arguments(operation, argument)
        self._scheduler.set(operation, schedule, arguments, account_named(account) if account else caller)
        return Said.of("{operation}: {schedule}.", operation=operation, schedule=schedule)
