"""Four workers share a queue of numbers and a lock-guarded table of their factors."""

import queue
import threading

WORKERS = 4


def factors(number: int) -> list[int]:
    found = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1
    if number > 1:
        found.append(number)
    return found


class Table:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, list[int]] = {}

    def store(self, number: int, found: list[int]) -> None:
        with self._lock:
            self._rows[number] = found

    def rows(self) -> list[tuple[int, list[int]]]:
        with self._lock:
            return sorted(self._rows.items())


def work(jobs: "queue.Queue[int | None]", table: Table) -> None:
    while (number := jobs.get()) is not None:
        table.store(number, factors(number))


def main() -> None:
    table = Table()
    jobs = [queue.Queue[int | None]() for _ in range(WORKERS)]
    workers = [
        threading.Thread(target=work, args=(jobs[index], table), name=f"worker-{index}")
        for index in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for number in range(1000, 1040):
        jobs[number % WORKERS].put(number)
    for line, worker in zip(jobs, workers, strict=True):
        line.put(None)
        worker.join()
    for number, found in table.rows():
        print(number, "=", " * ".join(map(str, found)))


if __name__ == "__main__":
    main()
