"""A small calculator language whose errors are raised, translated, chained and grouped."""

from contextlib import suppress

OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


class CalculatorError(Exception):
    def __init__(self, expression: str, reason: str) -> None:
        super().__init__(f"{expression!r}: {reason}")
        self.expression = expression


class Stack:
    def __init__(self) -> None:
        self._items: list[float] = []

    def push(self, value: float) -> None:
        self._items.append(value)

    def pop(self) -> float:
        return self._items.pop()


def step(stack: Stack, word: str) -> None:
    try:
        stack.push(float(word))
    except ValueError:
        operator = OPERATORS[word]
        right, left = stack.pop(), stack.pop()
        stack.push(operator(left, right))


def evaluate(expression: str) -> float:
    stack = Stack()
    try:
        for word in expression.split():
            step(stack, word)
        return stack.pop()
    except IndexError as error:
        raise CalculatorError(expression, "too few numbers") from error
    except KeyError as error:
        raise CalculatorError(expression, f"unknown word {error.args[0]!r}") from None


def evaluate_all(expressions: list[str]) -> list[float]:
    results, errors = [], []
    for expression in expressions:
        try:
            results.append(evaluate(expression))
        except (CalculatorError, ArithmeticError) as error:
            errors.append(error)
        else:
            print(f"{expression} = {results[-1]:g}")
        finally:
            print(f"tried {expression!r}")
    if errors:
        raise ExceptionGroup("some expressions failed", errors)
    return results


def main() -> None:
    with suppress(CalculatorError):
        evaluate("+")
    try:
        evaluate_all(["1 2 +", "3 4 * 2 -", "1 0 /", "2 +", "6 two *"])
    except* ZeroDivisionError as group:
        print("divided by zero:", len(group.exceptions))
    except* CalculatorError as group:
        for error in group.exceptions:
            print(error, "<-", repr(error.__cause__))


if __name__ == "__main__":
    main()
