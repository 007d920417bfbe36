"""Token buckets: the request rates that AWS allows, shared by everybody in this process."""

import threading


class TokenBucket:
    """At most `per_second` tokens a second on average, with a burst of one second's worth."""

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._tokens = per_second
        self._at: float | None = None
        self._lock = threading.Lock()

    def reserve(self, now: float, longest: float, tokens: float = 1.0) -> float | None:
        """Take tokens, now or in advance.

        A request that costs more than a whole burst waits for a full bucket and leaves a debt.

        Args:
            now: Monotonic seconds.
            longest: The longest wait that is any use.
            tokens: What the request costs.

        Returns:
            Seconds to wait before sending; None when that is longer than `longest`, and then
            nothing is taken.
        """
        with self._lock:
            earlier = now if self._at is None else self._at
            # Another thread may have read its clock before us and arrive after.
            self._at = max(now, earlier)
            self._tokens = min(self._rate, self._tokens + (self._at - earlier) * self._rate)
            wait = max(0.0, (min(tokens, self._rate) - self._tokens) / self._rate)
            if wait > longest:
                return None
            self._tokens -= tokens
            return wait


class Buckets:
    """The buckets of one process, by scope (endpoint, account and region) and name."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], TokenBucket] = {}
        self._lock = threading.Lock()

    def of(self, scope: str, name: str, per_second: float) -> TokenBucket:
        """The bucket of this name, made when first asked for."""
        with self._lock:
            return self._buckets.setdefault((scope, name), TokenBucket(per_second))
