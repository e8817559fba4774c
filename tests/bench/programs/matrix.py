"""Matrices as lists of lists: products that are added up in place."""

from measure import run

SIDE = 12


def made(seed: int) -> list[list[float]]:
    rows = []
    for i in range(SIDE):
        row = []
        for j in range(SIDE):
            row.append(float((i * 7 + j * seed) % 11))
        rows.append(row)
    return rows


def multiplied(a: list[list[float]], b: list[list[float]]) -> list[list[float]]:
    c = [[0.0] * SIDE, *([0.0] * SIDE for _ in range(SIDE - 1))]
    for i in range(SIDE):
        for j in range(SIDE):
            for k in range(SIDE):
                c[i][j] += a[i][k] * b[k][j]
    return c


def main(n: int) -> float:
    total = 0.0
    for seed in range(n):
        c = multiplied(made(seed), made(seed + 1))
        total += c[1][2]
    return total


if __name__ == "__main__":
    run(main, 220)
