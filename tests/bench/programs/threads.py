"""Eight busy threads that share a list under a lock."""

import threading

from measure import run, worker

LOCK = threading.Lock()
TOTALS: list[int] = []


def step(x: int) -> int:
    return (x * 1103515245 + 12345) & 0x7FFFFFFF


def work(n: int) -> None:
    x = threading.get_native_id() & 7
    for i in range(n):
        x = step(x)
        if i % 1000 == 0:
            with LOCK:
                TOTALS.append(x)


def main(n: int) -> int:
    threads = []
    for _ in range(8):
        threads.append(threading.Thread(target=worker, args=(work, n)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return len(TOTALS)


if __name__ == "__main__":
    run(main, 400_000)
