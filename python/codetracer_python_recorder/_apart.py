"""What the recorder runs in Python beside the program, in a thread of its own."""

import _thread
from collections.abc import Callable

from ._extension import native

__all__ = ["unrecorded"]


def unrecorded[T](function: Callable[[], T]) -> T:
    """Calls a function in a thread of the recorder's own and waits for it."""
    results: list[T] = []
    errors: list[BaseException] = []
    ended = _thread.allocate_lock()
    ended.acquire()

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)
        finally:
            ended.release()

    native.run_apart(run)
    ended.acquire()
    if errors:
        raise errors[0]
    return results[0]
