"""Runs a command and writes down what it used: ``launch.py OUT COMMAND...``.

Run without ``site``, so that it is smaller than any program that it starts: Linux counts the memory
of the process that starts another as the other's until that one is the program it is to be.
OUT gets the wait status, user and system seconds, and the peak of resident memory in KiB.
"""

import posix
import sys


def main() -> None:
    out, *command = sys.argv[1:]
    pid = posix.posix_spawn(command[0], command, posix.environ)
    _, status, usage = posix.wait4(pid, 0)
    with open(out, "w", encoding="ascii") as file:
        file.write(f"{status} {usage.ru_utime} {usage.ru_stime} {usage.ru_maxrss}")


main()
