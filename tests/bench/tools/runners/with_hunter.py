"""Runs a script as ``__main__`` under hunter: ``with_hunter.py OUT HOMES SCRIPT ARGS...``."""

import os
import runpy
import sys

import hunter

out, homes, *words = sys.argv[1:]
sys.argv[:] = words
with (
    open(os.path.join(out, "code.txt"), "w", encoding="utf-8") as code,
    open(os.path.join(out, "names.txt"), "w", encoding="utf-8") as names,
):
    hunter.trace(
        filename_startswith=tuple(f"{home}/" for home in homes.split(":")),
        actions=[hunter.CodePrinter(stream=code), hunter.VarsSnooper(stream=names)],
    )
    runpy.run_path(words[0], run_name="__main__")
    hunter.stop()
