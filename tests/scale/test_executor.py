"""The same work gives the same results in the same order, whoever runs it."""

import math

import pytest

from vitruvian.scale import InProcess, ProcessPool, progress_bar


@pytest.mark.parametrize("executor", [InProcess(), ProcessPool(workers=2)])
def test_results_come_in_the_order_of_the_work(executor):
    work = list(range(25))
    assert list(executor.map(math.factorial, work)) == [math.factorial(n) for n in work]


def test_work_is_drawn_lazily():
    drawn = []

    def source():
        for n in range(100):
            drawn.append(n)
            yield n

    results = InProcess().map(math.sqrt, source())
    next(results)
    assert drawn == [0]


def test_an_error_in_the_work_reaches_the_caller():
    with pytest.raises(ValueError, match=r"math domain|nonnegative"):
        list(ProcessPool(workers=1).map(math.sqrt, [4.0, -1.0]))


def test_progress_can_be_hidden(capsys):
    with progress_bar("people", 3, shown=False) as advance:
        advance(3)
    assert capsys.readouterr().err == ""
