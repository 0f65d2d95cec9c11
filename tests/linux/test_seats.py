import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from garrison.linux.seats import Seats

ROOT, DAEMON, ALICE, BOB, CAROL = 0, 990, 1001, 1002, 1003


class Room:
    """Seats, and the accounts in the order in which they got one."""

    def __init__(self, size: int, group: asyncio.TaskGroup, slice_seconds: float = 0.0) -> None:
        self.seats = Seats(size, {ROOT, DAEMON}, slice_seconds)
        self.served: list[int] = []
        self._group = group
        self._leave = asyncio.Event()

    async def come(self, *accounts: int) -> list[asyncio.Task[None]]:
        """Have calls of accounts come, one after the other; each stays until told."""
        tasks = []
        for account in accounts:
            tasks.append(self._group.create_task(self._stay(account)))
            await asyncio.sleep(0)
        return tasks

    async def _stay(self, account: int) -> None:
        async with self.seats.seat(account):
            self.served.append(account)
            await self._leave.wait()
            await asyncio.sleep(0)

    def all_leave(self) -> None:
        self._leave.set()


def in_a_room(size: int, act: Callable[[Room], Awaitable[None]]) -> Room:
    async def run() -> Room:
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            room = Room(size, group)
            await act(room)
            room.all_leave()
        assert room.seats.taken == 0
        return room

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("size", "come", "served"),
    [
        (1, (ALICE,) * 4 + (BOB, CAROL), (ALICE, ALICE, BOB, CAROL, ALICE, ALICE)),
        (1, (ALICE, ALICE, BOB, ROOT), (ALICE, ROOT, ALICE, BOB)),
        (1, (ALICE, BOB, ROOT, ROOT, DAEMON, CAROL), (ALICE, ROOT, BOB, DAEMON, CAROL, ROOT)),
        (2, (ALICE, ALICE, BOB, ROOT), (ALICE, ROOT, ALICE, BOB)),
        (3, (ROOT,) * 4 + (ALICE,), (ROOT, ROOT, ROOT, ALICE, ROOT)),
    ],
)
def test_accounts_take_turns_and_owners_come_first(size: int, come: Sequence[int], served: Sequence[int]) -> None:
    async def act(room: Room) -> None:
        await room.come(*come)

    assert in_a_room(size, act).served == list(served)


@pytest.mark.parametrize("size", [2, 3, 8])
def test_the_last_seat_is_the_owners(size: int) -> None:
    async def act(room: Room) -> None:
        await room.come(*[ALICE, BOB] * size)
        assert len(room.served) == size - 1
        await room.come(ROOT)
        assert room.served[-1] == ROOT

    in_a_room(size, act)


def test_who_stops_waiting_gives_up_the_turn() -> None:
    async def act(room: Room) -> None:
        tasks = await room.come(ALICE, BOB, CAROL)
        assert tasks[1].cancel()
        await asyncio.sleep(0)

    assert in_a_room(1, act).served == [ALICE, CAROL]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_turn_that_comes_as_its_call_is_cancelled_is_not_lost(is_first: bool) -> None:
    async def act(room: Room) -> None:
        first, second, _ = await room.come(ALICE, BOB, CAROL)
        for task in (first, second) if is_first else (second, first):
            task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    assert in_a_room(1, act).served == [ALICE, CAROL]


@pytest.mark.parametrize(
    ("size", "holders", "waiting", "wanted"),
    [
        (1, (ALICE,), (), False),
        (1, (ALICE,), (ALICE,), True),
        (1, (ROOT,), (ALICE,), True),
        (2, (ALICE,), (BOB,), True),
        (2, (ROOT, ALICE), (BOB,), False),  # the seat that is kept for owners
        (2, (ROOT, ROOT), (BOB,), True),
    ],
)
def test_a_seat_is_wanted_by_who_could_have_it(
    size: int, holders: Sequence[int], waiting: Sequence[int], wanted: bool
) -> None:
    async def act(room: Room) -> None:
        await room.come(*holders, *waiting)
        assert room.served == list(holders)
        assert room.seats.is_wanted(holders[0]) == wanted

    in_a_room(size, act)


def test_a_slice_is_over_in_time_and_not_before() -> None:
    async def run() -> None:
        for seconds, is_over in {0.0: True, 60.0: False}.items():
            seats = Seats(1, {ROOT}, seconds)
            async with asyncio.TaskGroup() as group, seats.seat(ALICE) as seat:
                assert not seat.is_over()

                async def come(seats: Seats = seats) -> None:
                    async with seats.seat(BOB):
                        pass

                group.create_task(come())
                await asyncio.sleep(0)
                assert seat.is_over() == is_over

    asyncio.run(run())
