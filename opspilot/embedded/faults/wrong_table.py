"""A change of configuration names a table that does not exist.

Checkout is called unqualified, so its $LATEST acts at once. Only the table's right name cures it:
another wrong name, more time or more memory change nothing.
"""

from opspilot.embedded.faults.fault import VARIABLES, Fault
from opspilot.embedded.fleet import PlannedChange

WRONG_TABLE = Fault(
    name="wrong-table",
    title="A variable names a table that does not exist",
    description=(
        "Somebody changes the configuration of checkout: ORDERS_TABLE becomes orders-v2, a table "
        "that nobody has made. Every order is charged and then lost."
    ),
    workload="shop",
    hints=(
        "Only checkout fails, and what it calls is well: the trouble is its own.",
        "No code was released. What else was changed, and when did the errors begin?",
        "Its log says what it asked for and did not find. Where does it get that name from?",
        "ORDERS_TABLE of checkout was changed from orders to orders-v2: set it back. Version 30 "
        "still holds the former value.",
    ),
    steps=(
        PlannedChange(
            "lambda.update_configuration",
            {"function": "checkout", VARIABLES: {"ORDERS_TABLE": "orders-v2"}},
            "bob",
        ),
    ),
)
