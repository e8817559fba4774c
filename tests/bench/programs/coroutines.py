"""Tasks that await each other: asyncio without input or output."""

import asyncio
from collections.abc import AsyncIterator

from measure import run

TASKS = 20


async def squared(x: int) -> int:
    if x % 8 == 0:
        await asyncio.sleep(0)
    return x * x


async def numbers(n: int) -> AsyncIterator[int]:
    i = 0
    while i < n:
        yield i
        i += 1


async def work(n: int) -> int:
    total = 0
    async for x in numbers(n):
        total += await squared(x)
    return total


async def together(n: int) -> int:
    totals = await asyncio.gather(*[work(n) for _ in range(TASKS)])
    return sum(totals)


def main(n: int) -> int:
    return asyncio.run(together(n))


if __name__ == "__main__":
    run(main, 4_000)
