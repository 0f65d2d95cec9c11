"""The gate put together: groups from the keeper, plans from the suite or from the file of the last one."""

import asyncio
import contextlib
import resource
import select
from collections.abc import Mapping
from pathlib import Path

from garrison.base.clock import SystemClock
from garrison.base.errors import GarrisonError, Unavailable
from garrison.base.files import read_json, write_json
from garrison.gate.crew import Crew
from garrison.gate.desk import Desk
from garrison.gate.documents import DocumentsGuard
from garrison.gate.keeping import KeeperLink
from garrison.gate.lanes import Lanes
from garrison.gate.marks import CHANGES, Marks
from garrison.gate.own import Own
from garrison.gate.questions import Memory, Question
from garrison.gate.responder import Responder
from garrison.gate.rules import Rules
from garrison.gate.server import Server
from garrison.linux import mounted
from garrison.linux.fanotify import Features
from garrison.linux.forkserver import Worker
from garrison.wire.guarding import SOCKET, Fact, Gap, Late, Occasion, Plan, Standing
from garrison.wire.keeping import DESCRIPTORS, Go
from garrison.wire.watching import Documents

PLAN = "plan.json"
_RETRY_SECONDS = 2.0


class Gate:
    """One gate at work, from `Go` to its end."""

    def __init__(self, folder: Path, go: Go, groups: Mapping[str, int], link: KeeperLink, features: Features) -> None:
        self._folder = folder
        self._link = link
        self._fuse = go.fuse
        self._own = Own()
        self._own.name(*go.own)
        self._marks = Marks(groups, features)
        self._memory = Memory()
        self._crew = Crew()
        self._loop = asyncio.get_running_loop()
        self._server = Server(folder / SOCKET, self._take_plan, self._misheard)
        self._server.on_greeting = self._stand
        self._desk = Desk(self._crew, self._marks, self._memory, self._server.tell)
        self._plan: Plan | None = None
        self._wanted = asyncio.Event()
        self._changing = asyncio.Lock()
        self._problem = ""
        self._features = features
        self._documents: DocumentsGuard | None = None
        self._unguarded: dict[str, str] = {}
        self._mounts: mounted.Mounts | None = None
        self._responders = [
            Responder(
                name,
                group,
                self._own,
                self._marks,
                self._memory,
                self._desk.take_change if name == CHANGES else self._take,
                self._overflow,
            )
            for name, group in groups.items()
        ]
        self._gap = go
        self._requests: asyncio.Queue[tuple[Lanes, int]] = asyncio.Queue()
        for responder in self._responders:
            if responder.asks:
                responder.lanes = self._lanes_for(responder)

    def _lanes_for(self, responder: Responder) -> Lanes:
        def request(account: int) -> None:
            self._loop.call_soon_threadsafe(self._requests.put_nowait, (lanes, account))

        def dismiss(worker: Worker) -> None:
            self._loop.call_soon_threadsafe(worker.dismiss)

        lanes = Lanes(request, dismiss, responder.clean, responder.rest)
        return lanes

    async def _open_lanes(self) -> None:
        """Start workers for the short way, as they are asked for; until cancelled."""
        while True:
            lanes, account = await self._requests.get()
            generation = lanes.generation
            worker = await self._crew.lane(account)
            if worker is not None:
                lanes.add(worker, generation)

    def _go_by(self, plan: Plan) -> None:
        """Judge by a plan; workers that began by another are used no more."""
        for responder in self._responders:  # first: what is forgotten is not to be learned again from them
            if responder.lanes is not None:
                responder.lanes.generation += 1
        self._desk.go_by(plan, plan.observes or bool(self._fuse))

    def _take(self, question: Question) -> None:
        self._loop.call_soon_threadsafe(self._desk.take, question)

    def _overflow(self) -> None:
        self._loop.call_soon_threadsafe(self._tell_gap, 0.0, "The kernel had more to tell than could be taken.")

    def _tell_gap(self, seconds: float, why: str) -> None:
        places = tuple(place.path for place in self._plan.places) if self._plan is not None else ()
        self._server.tell(Gap(seconds, why, places))

    async def run(self) -> None:
        """Answer the kernel until cancelled."""
        for responder in self._responders:
            responder.start()
        await self._resume()
        if self._gap.gap:
            self._tell_gap(self._gap.gap_seconds, self._gap.gap)
        await self._server.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_mounts())
            group.create_task(self._follow_plan())
            group.create_task(self._open_lanes())
            group.create_task(self._link.pulse(self._busy_seconds))
            group.create_task(self._desk.work_later())
            for _ in range(8):
                group.create_task(self._desk.work())

    def _busy_seconds(self) -> float:
        if self._documents is not None and not self._documents.is_alive:
            return float("inf")
        return max(responder.busy_seconds for responder in self._responders)

    async def _resume(self) -> None:
        """Go by the last plan, as far as there is one."""
        try:
            plan = Plan.from_plain(read_json(self._folder / PLAN))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError) as error:
            self._problem = f"the last plan could not be read: {error}"
            return
        await self._adopt(plan)

    async def _take_plan(self, plan: Plan) -> None:
        with contextlib.suppress(GarrisonError):  # then a gate after this one has an older plan, until it gets one
            await asyncio.to_thread(write_json, self._folder / PLAN, plan.to_plain())
        self._problem = ""
        await self._adopt(plan)

    async def _adopt(self, plan: Plan) -> None:
        """Go by a plan: the marks first, so that nothing passes while the workers start."""
        async with self._changing:
            self._plan = plan
            mounts = await asyncio.to_thread(mounted.read)
            rules = await asyncio.to_thread(Rules, plan, mounts)
            self._go_by(plan)
            self._mounts = mounts
            for responder in self._responders:
                responder.rules = rules
                responder.examines = Occasion.CHANGE in plan.occasions
            await asyncio.to_thread(self._marks.apply, plan, mounts)
            self._link.say_policy(plan.observes or plan.late is Late.ALLOW)
            await asyncio.to_thread(self._guard_documents, plan)
        self._wanted.set()
        self._stand()

    def _guard_documents(self, plan: Plan) -> None:
        """Have documents guarded as the plan says; not while the fuse is blown, for that asks too."""
        self._unguarded = {}
        if plan.documents is None or self._fuse:
            if self._documents is not None:
                self._documents.stop()
                self._documents = None
            return
        try:
            documents = Documents.from_plain(plan.documents)
        except (ValueError, TypeError, KeyError) as error:
            self._unguarded = {"documents": f"what was given is no plan: {error}"}
            return
        if self._documents is None:
            self._documents = DocumentsGuard(self._tell_from_thread, self._own.has, SystemClock(), self._features)
        if not self._documents.go_by(documents, plan.private):
            self._unguarded = {"documents": "it takes long to watch all folders"}
        self._unguarded |= self._documents.refused

    def _tell_from_thread(self, fact: Fact) -> None:
        self._loop.call_soon_threadsafe(self._server.tell, fact)

    async def _follow_plan(self) -> None:
        """Have workers as the plan says; where that fails, it is told and tried again."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            plan = self._plan
            if plan is None:
                continue
            try:
                is_new = await self._crew.follow(plan.examining)
                self._problem = ""
            except (Unavailable, OSError) as error:
                self._problem = error.text if isinstance(error, Unavailable) else str(error)
                self._stand()
                await asyncio.sleep(_RETRY_SECONDS)
                self._wanted.set()
                continue
            if is_new:
                self._go_by(plan)
                await asyncio.to_thread(self._marks.forget)
            self._stand()

    async def _follow_mounts(self) -> None:
        """Watch what is mounted later, as the plan has it."""
        changed = asyncio.Event()
        with mounted.TABLE.open("rb") as table, select.epoll() as poll:
            poll.register(table, select.EPOLLPRI)
            self._loop.add_reader(poll.fileno(), changed.set)
            try:
                while True:
                    await changed.wait()
                    poll.poll(0)
                    changed.clear()
                    if self._plan is not None and await asyncio.to_thread(mounted.read) != self._mounts:
                        await self._adopt(self._plan)
            finally:
                self._loop.remove_reader(poll.fileno())

    def _misheard(self, problem: str) -> None:
        self._problem = problem
        self._stand()

    def _stand(self) -> None:
        refused = dict(self._marks.refused) | self._unguarded
        if self._problem:
            refused[""] = self._problem
        self._server.tell(Standing(dict(self._marks.watched), refused, dict(self._desk.counts), self._fuse))

    def name_own(self, numbers: tuple[int, ...]) -> None:
        """Say which processes are ours."""
        self._own.name(*numbers)


def prepare() -> None:
    """Have as many descriptors as the keeper will try to answer for, no more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if most == resource.RLIM_INFINITY else min(DESCRIPTORS, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
