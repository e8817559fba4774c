"""A program that tells what runs after it: its handler, and an object released at the very end."""

LATE = """\
import atexit, sys
class Late:
    def __del__(self, write=print):
        write("late")
late = Late()
atexit.register(print, "handler")
print("ran")
sys.exit(3)
"""
