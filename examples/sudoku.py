"""Solve a sudoku by trying digits in the emptiest cell first, then print the grid.

Usage: python sudoku.py [PUZZLE]    PUZZLE is 81 characters, row by row, `.` for an empty cell.
"""

import sys

PUZZLE = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
DIGITS = frozenset(range(1, 10))


class Grid:
    """Nine rows of nine digits; 0 is an empty cell."""

    def __init__(self, text: str) -> None:
        if len(text) != 81:
            raise ValueError(f"a puzzle has 81 characters, this one has {len(text)}")
        self.rows = [
            [int(c) if c.isdigit() else 0 for c in text[i : i + 9]] for i in range(0, 81, 9)
        ]
        self.tried = 0

    def candidates(self, row: int, column: int) -> set[int]:
        taken = set(self.rows[row])
        for line in self.rows:
            taken.add(line[column])
        top, left = row - row % 3, column - column % 3
        for line in self.rows[top : top + 3]:
            taken.update(line[left : left + 3])
        return set(DIGITS - taken)

    def emptiest(self) -> tuple[int, int, set[int]] | None:
        """The empty cell with the fewest candidates; None when the grid is full."""
        best = None
        for row in range(9):
            for column in range(9):
                if self.rows[row][column]:
                    continue
                found = self.candidates(row, column)
                if best is None or len(found) < len(best[2]):
                    best = row, column, found
                    if len(found) < 2:
                        return best
        return best

    def solve(self) -> bool:
        cell = self.emptiest()
        if cell is None:
            return True
        row, column, digits = cell
        for digit in sorted(digits):
            self.tried += 1
            self.rows[row][column] = digit
            if self.solve():
                return True
        self.rows[row][column] = 0
        return False

    def __str__(self) -> str:
        lines = []
        for number, row in enumerate(self.rows):
            if number in (3, 6):
                lines.append("------+-------+------")
            cells = [str(digit or ".") for digit in row]
            lines.append(" | ".join(" ".join(cells[i : i + 3]) for i in (0, 3, 6)))
        return "\n".join(lines)


def main() -> int:
    grid = Grid(sys.argv[1] if len(sys.argv) > 1 else PUZZLE)
    if not grid.solve():
        print("no solution")
        return 1
    print(grid)
    print(f"{grid.tried} digits tried")
    return 0


if __name__ == "__main__":
    sys.exit(main())
