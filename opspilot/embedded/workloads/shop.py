"""The web shop: an API, seven functions, a table, and a queue with a dead-letter queue.

    shop-api -> storefront -> inventory:live
             -> checkout   -> inventory:live, payments:live -> fraud-score:live
                checkout   -> order-events -> fulfilment -> notify

The API invokes its two functions unqualified, so a change of their $LATEST acts at once; the
functions behind aliases change only when a version is published and the alias moves.
"""

from opspilot.embedded.fleet import (
    AlarmSpec,
    ApiSpec,
    Fleet,
    FunctionSpec,
    PlannedChange,
    QueueSpec,
    Route,
    TableSpec,
    Traffic,
)
from opspilot.embedded.workloads.shop_builds import BUILDS

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_ORDERS_QUEUE = "https://sqs.{region}.amazonaws.com/{account}/order-events"

_FUNCTIONS = (
    FunctionSpec(
        name="storefront",
        build="storefront-41",
        memory_mb=512,
        timeout_s=10,
        environment={"INVENTORY_FUNCTION": "inventory:live", "LOG_LEVEL": "WARNING"},
        description="Product pages",
        public_version=41,
        log_format="json",
        tags={"team": "web", "tier": "edge"},
    ),
    FunctionSpec(
        name="checkout",
        build="checkout-29",
        memory_mb=512,
        timeout_s=3,
        environment={
            "INVENTORY_FUNCTION": "inventory:live",
            "PAYMENTS_FUNCTION": "payments:live",
            "ORDERS_TABLE": "orders",
            "ORDER_QUEUE_URL": _ORDERS_QUEUE,
            "LOG_LEVEL": "INFO",
        },
        description="Takes an order: reserves stock, charges the card, stores the order",
        public_version=29,
        tags={"team": "orders", "tier": "edge"},
    ),
    FunctionSpec(
        name="payments",
        build="payments-15",
        memory_mb=512,
        timeout_s=15,
        environment={
            "FRAUD_FUNCTION": "fraud-score:live",
            "GATEWAY_HOST": "psp.example.com",
            "DB_PASSWORD": "correct-horse-7",
            "GATEWAY_API_KEY": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "LOG_LEVEL": "INFO",
        },
        description="Charges cards through the payment gateway",
        public_version=15,
        aliases={"live": "15"},
        log_format="json",
        tags={"team": "payments"},
    ),
    FunctionSpec(
        name="fraud-score",
        build="fraud-score-6",
        memory_mb=1024,
        timeout_s=6,
        environment={"MODEL": "gbm-2026-08", "LOG_LEVEL": "INFO"},
        description="Scores an order before it is charged",
        public_version=6,
        aliases={"live": "6"},
        tags={"team": "payments"},
    ),
    FunctionSpec(
        name="inventory",
        build="inventory-11",
        memory_mb=256,
        timeout_s=5,
        environment={"ORDERS_TABLE": "orders", "LOG_LEVEL": "INFO"},
        description="Stock levels and reservations",
        public_version=11,
        aliases={"live": "11"},
        tags={"team": "orders"},
    ),
    FunctionSpec(
        name="fulfilment",
        build="fulfilment-18",
        memory_mb=512,
        timeout_s=10,
        environment={
            "NOTIFY_FUNCTION": "notify",
            "ORDERS_TABLE": "orders",
            "DATABASE_URL": "postgresql://shop:s3cr3t-pw@db.internal.example:5432/warehouse",
            "LOG_LEVEL": "INFO",
        },
        description="Prepares the shipment of an order",
        public_version=18,
        tags={"team": "logistics"},
    ),
    FunctionSpec(
        name="notify",
        build="notify-9",
        memory_mb=128,
        timeout_s=5,
        environment={"SENDER": "orders@shop.example.com", "LOG_LEVEL": "INFO"},
        description="Tells the customer",
        public_version=9,
        log_format="json",
        tags={"team": "logistics"},
    ),
)


def _release(
    function: str, build: str, version: str, age_s: float, *, alias: str | None = None
) -> tuple[PlannedChange, ...]:
    """New code, published, and behind the alias when the function has one."""
    code = PlannedChange(
        "lambda.update_code", {"function": function, "build": build}, "deploy-pipeline", age_s
    )
    publish = PlannedChange(
        "lambda.publish_version",
        {"function": function, "description": f"release {version}"},
        "deploy-pipeline",
        age_s - 40,
    )
    if alias is None:
        return code, publish
    move = PlannedChange(
        "lambda.update_alias",
        {"function": function, "alias": alias, "version": version},
        "deploy-pipeline",
        age_s - 65,
    )
    return code, publish, move


_HISTORY = (
    *_release("payments", "payments-16", "16", 12.3 * _DAY, alias="live"),
    *_release("checkout", "checkout-30", "30", 9.1 * _DAY),
    *_release("payments", "payments-17", "17", 5.2 * _DAY, alias="live"),
    PlannedChange(
        "lambda.update_configuration", {"function": "notify", "memory_mb": 256}, "bob", 3.4 * _DAY
    ),
    *_release("inventory", "inventory-12", "12", 26.2 * _HOUR, alias="live"),
    PlannedChange(
        "lambda.update_configuration",
        {
            "function": "storefront",
            "environment": {"INVENTORY_FUNCTION": "inventory:live", "LOG_LEVEL": "INFO"},
        },
        "alice",
        5.3 * _HOUR,
    ),
)

_ALARMS = (
    AlarmSpec(
        name="checkout-errors",
        namespace="AWS/Lambda",
        metric="Errors",
        dimensions={"FunctionName": "checkout"},
        statistic="Sum",
        threshold=5,
        description="Checkout fails: orders are lost",
    ),
    AlarmSpec(
        name="shop-api-5xx",
        namespace="AWS/ApiGateway",
        metric="5XXError",
        dimensions={"ApiName": "shop-api", "Stage": "prod"},
        statistic="Sum",
        threshold=8,
        datapoints=3,
        description="The shop answers with server errors",
    ),
    AlarmSpec(
        name="payments-errors",
        namespace="AWS/Lambda",
        metric="Errors",
        dimensions={"FunctionName": "payments"},
        statistic="Sum",
        threshold=5,
    ),
    AlarmSpec(
        name="order-events-dlq-not-empty",
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": "order-events-dlq"},
        statistic="Maximum",
        threshold=1,
        datapoints=1,
        periods=1,
        description="Orders that fulfilment could not handle",
    ),
    AlarmSpec(
        name="storefront-slow",
        namespace="AWS/Lambda",
        metric="Duration",
        dimensions={"FunctionName": "storefront"},
        statistic="p90",
        threshold=900,
        comparison="GreaterThanThreshold",
        datapoints=3,
    ),
    AlarmSpec(
        name="fulfilment-slow",
        namespace="AWS/Lambda",
        metric="Duration",
        dimensions={"FunctionName": "fulfilment"},
        statistic="p90",
        threshold=4000,
        comparison="GreaterThanThreshold",
        datapoints=3,
    ),
)

SHOP = Fleet(
    name="shop",
    functions=_FUNCTIONS,
    builds=BUILDS,
    api=ApiSpec(
        name="shop-api",
        id="k3v9shop01",
        stage="prod",
        routes=(
            Route("GET", "/products", 0.55, "storefront"),
            Route("POST", "/checkout", 0.45, "checkout"),
        ),
    ),
    traffic=Traffic(per_minute=112.0),
    queues=(
        QueueSpec(
            name="order-events",
            consumer="fulfilment",
            mapping_id="5b1f7f0e-3f0a-4a86-9d5e-7c1d2f3a9b10",
            dead_letter="order-events-dlq",
        ),
        QueueSpec(name="order-events-dlq"),
    ),
    tables=(TableSpec("orders", "order_id"),),
    alarms=_ALARMS,
    history=_HISTORY,
    users=("alice", "bob", "deploy-pipeline"),
    traced=True,
)
