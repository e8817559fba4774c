"""A kitchen in asyncio: cooks take orders from a queue, one order fails, one takes too long."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self

ORDERS = ["soup", "salad", "burnt toast", "pasta", "feast", "cake"]


class Burnt(Exception):
    pass


class Stove:
    """An asynchronous context manager that counts how often it was lit."""

    lit = 0

    async def __aenter__(self) -> Self:
        await asyncio.sleep(0)
        Stove.lit += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)


async def steps(dish: str) -> AsyncIterator[str]:
    for step in ("wash", "cut", "cook"):
        await asyncio.sleep(0)
        yield f"{step} {dish}"


async def prepare(dish: str) -> str:
    async with Stove():
        done = [step async for step in steps(dish)]
        if "burnt" in dish:
            raise Burnt(dish)
        if dish == "feast":
            await asyncio.Event().wait()
    return f"{dish}: {len(done)} steps"


async def cook(name: str, orders: "asyncio.Queue[str]", served: list[str]) -> None:
    while True:
        dish = await orders.get()
        try:
            served.append(await prepare(dish))
        except Burnt as error:
            served.append(f"{error}: thrown away")
        except asyncio.CancelledError:
            served.append(f"{dish}: given up")
            raise
        finally:
            orders.task_done()


async def main() -> None:
    orders: asyncio.Queue[str] = asyncio.Queue()
    served: list[str] = []
    cooks = [asyncio.create_task(cook(name, orders, served), name=name) for name in ("Ann", "Bob")]
    for dish in ORDERS:
        orders.put_nowait(dish)
    while len(served) < len(ORDERS) - 1:
        await asyncio.sleep(0)
    for task in cooks:
        task.cancel()
    await asyncio.gather(*cooks, return_exceptions=True)
    print(*sorted(served), f"stove lit {Stove.lit} times", sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
