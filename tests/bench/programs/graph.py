"""A graph of objects: built, searched breadth first, its shortest ways found."""

from __future__ import annotations

from heapq import heappop, heappush

from measure import run

NODES = 200


class Node:
    def __init__(self, name: int) -> None:
        self.name = name
        self.edges: list[tuple[Node, int]] = []
        self.distance = -1

    def connect(self, other: Node, weight: int) -> None:
        self.edges.append((other, weight))


def built(seed: int) -> list[Node]:
    nodes = []
    for name in range(NODES):
        nodes.append(Node(name))
    for i in range(NODES):
        for step in (1, 7, 31):
            nodes[i].connect(nodes[(i * step + seed + 1) % NODES], 1 + (i * step) % 9)
    return nodes


def reached(first: Node) -> int:
    seen = {first.name}
    queue = [first]
    while queue:
        node = queue.pop(0)
        for other, _ in node.edges:
            if other.name not in seen:
                seen.add(other.name)
                queue.append(other)
    return len(seen)


def distances(first: Node) -> int:
    heap = [(0, first.name, first)]
    longest = 0
    while heap:
        distance, _, node = heappop(heap)
        if node.distance >= 0:
            continue
        node.distance = distance
        longest = distance
        for other, weight in node.edges:
            if other.distance < 0:
                heappush(heap, (distance + weight, other.name, other))
    return longest


def main(n: int) -> int:
    total = 0
    for seed in range(n):
        nodes = built(seed)
        total += reached(nodes[0])
        total += distances(nodes[seed % NODES])
    return total


if __name__ == "__main__":
    run(main, 110)
