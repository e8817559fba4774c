"""The test suite of a published package: generators, comprehensions, exceptions, classes.

Left out are the tests with threads or clocks, which do not do the same twice, and the longest ones.
"""

import os
import random
import sys
import time
import unittest

from measure import finish, size

START = time.thread_time()
sys.path.insert(0, os.environ["BENCH_SUITE"])
MODULES = ("tests.test_more", "tests.test_recipes")
LEFT_OUT = frozenset(
    {
        "CallbackIterTests",
        "DocTestCase",
        "PrimeFunctionTests",
        "TestConcurrentTee",
        "TestSerialize",
        "TestSynchronized",
        "TimeLimitedTests",
        "ExtractTests.test_all_orderings",
        "FactorTests.test_cross_check",
        "PolynomialFromRootsTests.test_large",
        "RunningMedianTests.test_vs_statistics_median",
        "SampleTests.test_specific_sample",
        "TestRandomDerangement.test_basics",
        "TestRandomOrderedRange.test_lcg_mitigation",
    }
)


def found() -> list[unittest.TestCase]:
    """The tests, spread: the first ten are of ten classes."""
    ranked = []
    for name in MODULES:
        for case in unittest.defaultTestLoader.loadTestsFromName(name):
            if isinstance(case, unittest.TestSuite):
                for i, test in enumerate(case):
                    _, _, group, method = test.id().split(".")
                    if LEFT_OUT.isdisjoint((group, f"{group}.{method}")):
                        ranked.append((i, test.id(), test))
    return [test for _, _, test in sorted(ranked, key=lambda each: each[:2])]


TESTS = found()


def main(n: int) -> int:
    passed = 0
    result = unittest.TestResult()
    for i in range(n):
        random.seed(0)
        TESTS[i % len(TESTS)].run(result)
        passed += 1
    assert result.wasSuccessful(), result
    return passed


if __name__ == "__main__":
    main(size(500))
    finish(START)
