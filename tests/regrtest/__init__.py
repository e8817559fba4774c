"""CPython's own regression tests, run plain and recorded with ``--all``, and compared by test."""
