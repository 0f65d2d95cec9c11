import asyncio

from garrison.daemon.bus import Bus, Stream
from tests.sdk.samples import ThingSeen


def seen(number: int) -> ThingSeen:
    return ThingSeen(what=str(number), path="/\udcff")


def test_everybody_hears_what_happens_from_now_on() -> None:
    async def run() -> list[tuple[str, str]]:
        bus = Bus()
        bus.publish("scan", seen(0))
        async with Stream(bus) as one, Stream(bus) as other:
            bus.publish("scan", seen(1))
            heard = [(component, event) async for component, event in _first(one, 1)]
            heard += [(component, event) async for component, event in _first(other, 1)]
        bus.publish("scan", seen(2))
        assert not bus.listeners
        return [(component, event.what) for component, event in heard if isinstance(event, ThingSeen)]

    assert asyncio.run(run()) == [("scan", "1"), ("scan", "1")]


async def _first(stream: Stream, count: int):  # type: ignore[no-untyped-def] # noqa: ANN202
    for _ in range(count):
        yield await anext(aiter(stream))


def test_a_slow_listener_loses_the_oldest_and_holds_up_nobody() -> None:
    async def run() -> object:
        bus = Bus()
        async with Stream(bus) as stream:
            for number in range(1500):
                bus.publish("scan", seen(number))
            return (await anext(stream))[1]

    assert asyncio.run(run()) == seen(500)
