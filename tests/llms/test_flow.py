from __future__ import annotations

import asyncio

import pytest

from dreambolt_steps.llms.openai.rate_limit import Flow, Pace


def test_a_pace_spreads_requests_over_the_minute() -> None:
    now = 100.0
    pace = Pace(120, clock=lambda: now)
    assert [pace.reserve(1) for _ in range(4)] == [0.0, 0.5, 1.0, 1.5]
    now = 200.0
    assert pace.reserve(1) == 0.0
    pace.correct(3)
    assert pace.reserve(1) == 2.0


def test_tokens_a_minute_are_counted_as_they_were_used(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds))

    async def ask() -> None:
        flow = Flow(8, tokens_per_minute=60)
        await flow.enter(100)
        await flow.enter(50)
        flow.leave(surplus_tokens=200)  # 300 were used instead of 100
        await flow.enter(10)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(ask())
    assert waited == [100, 350]


def test_an_overload_cuts_the_limit_once_for_all_calls_under_way() -> None:
    async def overload() -> list[int]:
        flow = Flow(32)
        started = [await flow.enter(1) for _ in range(32)]
        limits = []
        for at in started:
            flow.slow_down(at, 0.0)
            flow.leave()
            limits.append(flow.limit)
        flow.slow_down(await flow.enter(1), 0.0)
        return [limits[0], limits[-1], flow.limit]

    assert asyncio.run(overload()) == [24, 24, 18]


def test_the_limit_grows_by_one_after_25_successes_up_to_what_is_allowed() -> None:
    flow = Flow(3)
    flow.slow_down(0.0, 0.0)
    assert flow.limit == 2
    for _ in range(24):
        flow.succeed()
    assert flow.limit == 2
    for _ in range(100):
        flow.succeed()
    assert flow.limit == 3


def test_the_limit_never_falls_below_one() -> None:
    flow = Flow(2)
    for started in range(5):
        flow.slow_down(float("inf") if started else 0.0, 0.0)
    assert flow.limit == 1


def test_places_in_flight_are_bounded_and_handed_on() -> None:
    async def crowd() -> int:
        flow = Flow(3)
        most = 0

        async def one() -> None:
            nonlocal most
            await flow.enter(1)
            most = max(most, flow.in_flight)
            await asyncio.sleep(0)
            flow.leave()

        await asyncio.gather(*(one() for _ in range(20)))
        assert flow.in_flight == 0
        return most

    assert asyncio.run(crowd()) == 3


def test_more_than_half_of_the_last_20_calls_have_to_fail() -> None:
    flow = Flow(1)
    assert not any(flow.fail() for _ in range(9))
    for _ in range(10):
        flow.succeed()
    assert not flow.fail()  # 10 of 20
    assert not any(flow.fail() for _ in range(9))
    assert flow.fail()
