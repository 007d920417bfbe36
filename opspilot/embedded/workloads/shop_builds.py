"""The builds of the web shop: what the code of each release does and how long it takes."""

from collections.abc import Mapping
from dataclasses import replace

from opspilot.embedded.fleet import Build, Failure, Invoke, LogLine, Send, TableCall, Work

_STOREFRONT = Build(
    name="storefront-41",
    steps=(Work(0.4), Invoke("INVENTORY_FUNCTION"), Work(0.6)),
    work_ms=64,
    cpu_share=0.7,
    memory_mb=141,
    init_ms=410,
    failure_rate=0.0004,
    failure=Failure(
        "TemplateError",
        "unknown block 'promo'",
        (
            'File "/var/task/app.py", line 38, in handler',
            'File "/var/task/pages.py", line 112, in render',
        ),
    ),
    required_variables=("INVENTORY_FUNCTION",),
    lines=(
        LogLine("INFO", "page served items={items}", 2, chance=0.35),
        LogLine("WARNING", "image cache miss for item {number}", 0, chance=0.04),
        LogLine("DEBUG", "rendering with template v{items}", 0),
    ),
)

_CHECKOUT = Build(
    name="checkout-29",
    steps=(
        Work(0.5),
        Invoke("INVENTORY_FUNCTION"),
        Invoke("PAYMENTS_FUNCTION"),
        TableCall("ORDERS_TABLE", "PutItem"),
        Send("ORDER_QUEUE_URL"),
        Work(0.5),
    ),
    work_ms=88,
    cpu_share=0.6,
    memory_mb=118,
    init_ms=460,
    failure_rate=0.0008,
    failure=Failure(
        "ValueError",
        "order without a delivery address",
        (
            'File "/var/task/app.py", line 57, in handler',
            'File "/var/task/orders.py", line 203, in validate',
        ),
    ),
    required_variables=("INVENTORY_FUNCTION", "PAYMENTS_FUNCTION", "ORDERS_TABLE"),
    lines=(
        LogLine("INFO", "order {order} received items={items} amount={amount}", 0, 0.1),
        LogLine("DEBUG", "reserving stock for {order}", 1, 0.0),
        LogLine("INFO", "order {order} charging card of customer {customer}", 2, 0.0),
        LogLine("INFO", "order {order} stored", 3),
        LogLine(
            "WARNING", "customer {customer} has no loyalty record, using defaults", 0, chance=0.06
        ),
    ),
)

_PAYMENTS = Build(
    name="payments-15",
    steps=(Work(0.1), Invoke("FRAUD_FUNCTION"), Work(0.9)),
    work_ms=180,
    work_sigma=0.22,
    cpu_share=0.12,
    memory_mb=132,
    init_ms=540,
    failure_rate=0.0005,
    failure=Failure(
        "CardDeclinedError",
        "issuer declined the card",
        (
            'File "/var/task/app.py", line 44, in handler',
            'File "/var/task/gateway.py", line 88, in charge',
        ),
    ),
    required_variables=("FRAUD_FUNCTION", "DB_PASSWORD"),
    lines=(
        LogLine("INFO", "charging order {order} amount={amount}", 0, 0.1),
        LogLine("INFO", "gateway accepted order {order} in {elapsed} ms", 2),
        LogLine("WARNING", "gateway certificate expires in {items} days", 0, chance=0.02),
    ),
)

_FRAUD = Build(
    name="fraud-score-6",
    steps=(Work(1.0),),
    work_ms=62,
    cpu_share=0.9,
    reference_memory_mb=1024,
    memory_mb=388,
    init_ms=1350,
    failure_rate=0.0002,
    failure=Failure(
        "KeyError", "'billing_country'", ('File "/var/task/score.py", line 31, in features',)
    ),
    lines=(
        LogLine("INFO", "score for order {order} is low", 0, chance=0.5),
        LogLine("WARNING", "feature store stale by {items} s", 0, chance=0.03),
    ),
)

_INVENTORY = Build(
    name="inventory-11",
    steps=(Work(0.6), TableCall("ORDERS_TABLE", "GetItem", units=0.5), Work(0.4)),
    work_ms=21,
    cpu_share=0.8,
    reference_memory_mb=256,
    memory_mb=83,
    init_ms=290,
    failure_rate=0.0002,
    failure=Failure(
        "StockError", "negative stock level", ('File "/var/task/app.py", line 71, in level',)
    ),
    required_variables=("ORDERS_TABLE",),
    lines=(LogLine("INFO", "stock checked items={items}", 2, chance=0.25),),
)

_FULFILMENT = Build(
    name="fulfilment-18",
    steps=(
        Work(0.5),
        TableCall("ORDERS_TABLE", "UpdateItem"),
        Invoke("NOTIFY_FUNCTION"),
        Work(0.5),
    ),
    work_ms=420,
    work_sigma=0.3,
    cpu_share=0.5,
    memory_mb=171,
    init_ms=620,
    required_variables=("NOTIFY_FUNCTION", "ORDERS_TABLE", "DATABASE_URL"),
    lines=(
        LogLine("INFO", "preparing shipment of order {order}", 0, 0.1),
        LogLine("WARNING", "carrier rate limit near, pausing {items} ms", 3, 0.5, chance=0.05),
        LogLine("INFO", "order {order} handed to carrier", 3),
    ),
)

_NOTIFY = Build(
    name="notify-9",
    steps=(Work(1.0),),
    work_ms=130,
    cpu_share=0.2,
    reference_memory_mb=256,
    memory_mb=74,
    init_ms=240,
    lines=(LogLine("INFO", "mail queued for customer {customer}", 0),),
)

_ALL = (
    _STOREFRONT,
    _CHECKOUT,
    replace(_CHECKOUT, name="checkout-30"),
    _PAYMENTS,
    replace(_PAYMENTS, name="payments-16"),
    replace(_PAYMENTS, name="payments-17"),
    _FRAUD,
    _INVENTORY,
    replace(_INVENTORY, name="inventory-12"),
    _FULFILMENT,
    _NOTIFY,
)

BUILDS: Mapping[str, Build] = {build.name: build for build in _ALL}
