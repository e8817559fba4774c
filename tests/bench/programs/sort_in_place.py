"""Lists that are sorted in place: by swaps, by insertion, by heap."""

from measure import run

LENGTH = 60


def shuffled(seed: int) -> list[int]:
    out = []
    x = seed
    for _ in range(LENGTH):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(x >> 16)
    return out


def by_swaps(items: list[int]) -> None:
    for end in range(len(items) - 1, 0, -1):
        for i in range(end):
            if items[i] > items[i + 1]:
                items[i], items[i + 1] = items[i + 1], items[i]


def by_insertion(items: list[int]) -> None:
    for i in range(1, len(items)):
        item = items[i]
        j = i
        while j and items[j - 1] > item:
            items[j] = items[j - 1]
            j -= 1
        items[j] = item


def sift(items: list[int], root: int, end: int) -> None:
    while (child := 2 * root + 1) < end:
        if child + 1 < end and items[child] < items[child + 1]:
            child += 1
        if items[root] >= items[child]:
            return
        items[root], items[child] = items[child], items[root]
        root = child


def by_heap(items: list[int]) -> None:
    for root in range(len(items) // 2 - 1, -1, -1):
        sift(items, root, len(items))
    for end in range(len(items) - 1, 0, -1):
        items[0], items[end] = items[end], items[0]
        sift(items, 0, end)


def main(n: int) -> int:
    total = 0
    for seed in range(n):
        for sort in (by_swaps, by_insertion, by_heap):
            items = shuffled(seed)
            sort(items)
            total += items[0]
    return total


if __name__ == "__main__":
    run(main, 90)
