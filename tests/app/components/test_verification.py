"""What the verification tab says while the signal is observed and after."""

import pytest

from app.components.verification import held_so_far
from opspilot.domain.plan import Measurement, VerificationOutcome
from tests import builders


def measured(held: int) -> Measurement:
    """A measurement with so many periods held."""
    return Measurement(
        criterion_id="C1",
        at=builders.ago(minutes=1),
        outcome=VerificationOutcome.IMPROVING,
        periods_held=held,
        sentence="8 of 1,910 calls failed after the change",
    )


@pytest.mark.parametrize(
    ("held", "said"),
    [(1, "1 of 3 periods held."), (3, "3 of 3 periods held."), (10, "10 periods held, 3 needed.")],
)
def test_periods_beyond_what_is_needed_are_no_share_of_it(held: int, said: str) -> None:
    assert held_so_far(builders.criterion(), measured(held)) == said


def test_before_the_first_measurement_no_period_held() -> None:
    assert held_so_far(builders.criterion(), None) == "0 of 3 periods held."
