"""Patience with AWS: shared token buckets and retries with full jitter, within one budget.

The SDK's own retries are switched off and no retry library is used: the budget of a port call has
to count the waiting at the buckets, the waiting between attempts and the paging together, on an
injected clock. tenacity and botocore both measure with their own clock and know nothing of the
buckets.
Source of the jitter: "Exponential Backoff And Jitter", AWS Architecture Blog.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from opspilot.adapters.aws.buckets import Buckets
from opspilot.adapters.aws.errors import aws_call, may_pass, must_be_aws, not_implemented
from opspilot.adapters.aws.operations import Operation
from opspilot.errors import AwsError, AwsThrottled, AwsUnavailable

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=Mapping[str, Any])


@dataclass(frozen=True)
class Timer:
    """What waiting needs; tests give one that does not wait.

    Attributes:
        monotonic: Seconds of a clock that never goes back.
        sleep: Waits that many seconds.
        jitter: A random number between 0 and its argument.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float], float] = lambda most: random.SystemRandom().uniform(0.0, most)


@dataclass(frozen=True)
class Patience:
    """How long one port call may take.

    Attributes:
        attempts: Tries of one request, the first included.
        seconds: No attempt or page begins later than this after the port call began. With a read
            time-out of 25 s a port call so ends within 45 s, and a step within its minute.
        first_pause: Most that is waited before the second attempt; doubles from there.
        longest_pause: Most that is waited between any two.
    """

    attempts: int = 5
    seconds: float = 20.0
    first_pause: float = 0.2
    longest_pause: float = 4.0


@dataclass
class Budget:
    """What is left of one port call's patience, and the ids of the requests it made."""

    ends: float
    monotonic: Callable[[], float]
    request_ids: list[str] = field(default_factory=list[str])

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.ends - self.monotonic())

    @property
    def spent(self) -> bool:
        """Whether no further request should begin."""
        return self.left <= 0.0


class _Sent(threading.local):
    """Requests of one thread: many questions are asked at once, each by a thread of its own."""

    count = 0


class Calls:
    """Sends every request of the AWS adapters, and counts them: the Meter port."""

    def __init__(
        self,
        buckets: Buckets,
        scope: str,
        *,
        timer: Timer | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._buckets = buckets
        self._scope = scope
        self._timer = timer or Timer()
        self._patience = patience or Patience()
        self._sent = _Sent()

    @property
    def monotonic(self) -> Callable[[], float]:
        """The clock that budgets are measured with."""
        return self._timer.monotonic

    def sent(self) -> int:
        """Requests that the calling thread has sent so far; see the port."""
        return self._sent.count

    def budget(self) -> Budget:
        """A fresh budget; each port method begins with one."""
        now = self._timer.monotonic()
        return Budget(now + self._patience.seconds, self._timer.monotonic)

    def send(
        self,
        operation: Operation,
        budget: Budget,
        request: Callable[[], R],
        *,
        resource: str = "",
    ) -> R:
        """The answer to a request, tried until it succeeds, is refused for good, or patience ends.

        Raises:
            AwsError: Translated; of the last attempt.
        """
        attempt = 1
        while True:
            self._wait_for_turn(operation, budget, resource)
            self._sent.count += 1
            try:
                with aws_call(operation, resource):
                    answer = request()
                must_be_aws(answer, operation)
            except AwsError as error:
                if error.request_id:
                    budget.request_ids.append(error.request_id)
                pause = self._pause(attempt)
                if not self._again(error, operation, attempt, budget.left - pause):
                    raise
                logger.info("operation=<%s> attempt=<%d> | %s", operation.name, attempt, error)
                self._timer.sleep(pause)
                attempt += 1
            else:
                _note(answer, budget)
                return answer

    def pages(
        self,
        operation: Operation,
        budget: Budget,
        read: Callable[[str], R],
        next_key: str,
        *,
        resource: str = "",
    ) -> list[R]:
        """Every page of a listing.

        `read` reads one page, given the token of the previous one (empty for the first), and
        `next_key` is where an answer keeps the token of the next.

        Raises:
            AwsError: A page could not be read; a listing is whole or it is an error.
        """
        pages: list[R] = []
        token, seen = "", set[str]()
        while True:
            page = self.send(operation, budget, lambda token=token: read(token), resource=resource)
            pages.append(page)
            token = str(page.get(next_key) or "")
            if not token:
                return pages
            if token in seen:
                raise AwsUnavailable(
                    f"{operation.name} returned the same page token twice",
                    operation=operation.name,
                    resource=resource,
                )
            seen.add(token)

    def take(self, name: str, per_second: float, tokens: float, budget: Budget) -> bool:
        """Wait for tokens of a bucket that several operations or sizes of request share.

        Returns:
            False when the budget does not last that long; nothing is taken then.
        """
        bucket = self._buckets.of(self._scope, name, per_second)
        wait = bucket.reserve(self._timer.monotonic(), budget.left, tokens)
        if wait is None:
            return False
        if wait > 0:
            self._timer.sleep(wait)
        return True

    def _wait_for_turn(self, operation: Operation, budget: Budget, resource: str) -> None:
        if not self.take(operation.bucket, operation.per_second, 1.0, budget):
            raise AwsThrottled(
                f"{operation.name} was not sent: more than {operation.per_second:g} requests a "
                f"second are waiting for {operation.bucket}",
                operation=operation.name,
                resource=resource,
                hint="try again in a few seconds",
            )

    def _pause(self, attempt: int) -> float:
        most = self._patience.first_pause * 2.0 ** (attempt - 1)
        return self._timer.jitter(min(self._patience.longest_pause, most))

    def _again(self, error: AwsError, operation: Operation, attempt: int, left: float) -> bool:
        # An endpoint that seems to lack the operation gets one more chance, no more.
        hasty = operation.spare or not_implemented(error)
        most = min(2, self._patience.attempts) if hasty else self._patience.attempts
        return attempt < most and left > 0.0 and may_pass(error, operation)


def _note(answer: Mapping[str, Any], budget: Budget) -> None:
    metadata: Mapping[str, Any] = answer.get("ResponseMetadata") or {}
    request_id = str(metadata.get("RequestId") or "")
    if request_id:
        budget.request_ids.append(request_id)
