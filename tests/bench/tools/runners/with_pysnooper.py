"""Runs a script as ``__main__`` under PySnooper: ``with_pysnooper.py OUT SCRIPT ARGS...``."""

import os
import sys

import pysnooper

out, *words = sys.argv[1:]
sys.argv[:] = words
sys.path[0] = os.path.dirname(words[0])
with open(words[0], encoding="utf-8") as file:
    code = compile(file.read(), words[0], "exec")
names = {"__name__": "__main__", "__file__": words[0], "__builtins__": __builtins__}
with pysnooper.snoop(out, depth=1_000_000):
    exec(code, names)
