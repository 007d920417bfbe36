"""Each runtime of Lambda writes an uncaught error in a form of its own; all are understood."""

import pytest

from opspilot.analysis.error_types import error_type

NODE = (
    '2026-05-04T10:00:00.000Z\t1f0e\tERROR\tInvoke Error \t{"errorType":"error",'
    '"errorMessage":"remaining connection slots are reserved","stack":["error: remaining"]}'
)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("[ERROR] KeyError: 'page'\nTraceback (most recent call last):\n  File", "KeyError"),
        (
            "[ERROR] ParameterNotFound: An error occurred\rTraceback (most recent call last):\r",
            "ParameterNotFound",
        ),
        (NODE, "error"),
        (
            "Cannot open: java.io.IOException\njava.io.IOException: Cannot open\n\tat a.B(B.java)",
            "java.io.IOException",
        ),
        (
            "java.lang.OutOfMemoryError: Java heap space\n\tat a.B.c(B.java:3)",
            "java.lang.OutOfMemoryError",
        ),
        ("java.lang.NullPointerException\n\tat a.B.c(B.java:3)", "java.lang.NullPointerException"),
        ("[ERROR]\t2026-05-04T10:00:00.000Z\t1f0e\tValueError: no", "ValueError"),
    ],
)
def test_the_type_that_a_runtime_names_is_read(line: str, found: str) -> None:
    assert error_type(line) == found


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR] payment declined for order 7",
        "see java.io.IOException in the manual",
        "[ERROR] retrying: attempt 3 of 5",
        "the class com.shop.Order: was loaded\nall is well",
    ],
)
def test_prose_of_the_function_itself_names_no_type(line: str) -> None:
    assert error_type(line) is None
