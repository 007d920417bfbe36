"""What is known of each template by its number, held without an object each.

A dictionary costs some hundred bytes per entry, more than most lines have. That counts where a log
has nearly as many templates as lines.
"""

from abc import abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Known = TypeVar("Known", str, int)


class _Numbered(Mapping[int, Known]):
    """Read like a dictionary whose keys are 0, 1, 2 and so on."""

    __slots__ = ()

    def __iter__(self) -> Iterator[int]:
        """The numbers in order."""
        return iter(range(len(self)))

    def __getitem__(self, number: int) -> Known:
        """What is known of this number.

        Raises:
            KeyError: There is no such number.
        """
        if number not in range(len(self)):
            raise KeyError(number)
        return self._known(number)

    def __repr__(self) -> str:
        """As a dictionary shows itself."""
        return repr(dict(self))

    @abstractmethod
    def _known(self, at: int) -> Known: ...


class Texts(_Numbered[str]):
    """Texts by number, in one buffer."""

    __slots__ = ("_buffer", "_ends")

    def __init__(self, texts: Iterable[str]) -> None:
        """Hold these texts."""
        self._buffer, self._ends = bytearray(), array("Q", [0])
        for text in texts:
            self._buffer += text.encode("utf-8", "surrogatepass")
            self._ends.append(len(self._buffer))

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._ends) - 1

    def _known(self, at: int) -> str:
        text = self._buffer[self._ends[at] : self._ends[at + 1]]
        return text.decode("utf-8", "surrogatepass")


class Counts(_Numbered[int]):
    """Counts by number."""

    __slots__ = ("_counts",)

    def __init__(self, counts: NDArray[np.int32]) -> None:
        """Hold these counts."""
        self._counts = counts

    def __len__(self) -> int:
        """Number of counts."""
        return len(self._counts)

    def _known(self, at: int) -> int:
        return int(self._counts[at])
