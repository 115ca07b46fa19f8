"""The table as the store needs it. infra/template.yaml deploys the same, which a test compares."""

from typing import Any

from shipby.adapters.dynamodb.index_keys import BOARDS

BOARD_COLUMNS: tuple[str, ...] = (
    "posting_number",
    "stage",
    "status",
    "cut_off",
    "late",
    "seller",
    "substatus",
    "scheme",
    "alarm_at",
    "warehouse_id",
    "at_risk",
    "version",
    "alarm_kind",
    "goods",
    "delivery_method_id",
    "integration",
    "overdue",
    "assembled_at",
    "label_ready_at",
    "printed_at",
    "open_intents",
    "blocked_reason",
    "parent_number",
    "entries_wanted",
)
"""What boards choose by and show: a page is read from the index alone. A column costs a write whenever it changes, and
the version changes always (docs/adr/0049)."""


def table_definition(table_name: str) -> dict[str, Any]:
    """Arguments of CreateTable. TTL (attribute `ttl`) and backups are switched on by calls of their own."""
    return {
        "TableName": table_name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "AK", "AS", "WK", "WS", "DK", "DS")
        ],
        "KeySchema": _keys("PK", "SK"),
        "GlobalSecondaryIndexes": [
            {"IndexName": "alarms", "KeySchema": _keys("AK", "AS"), "Projection": {"ProjectionType": "KEYS_ONLY"}},
            {
                "IndexName": BOARDS,
                "KeySchema": _keys("WK", "WS"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(BOARD_COLUMNS)},
            },
            {"IndexName": "days", "KeySchema": _keys("DK", "DS"), "Projection": {"ProjectionType": "KEYS_ONLY"}},
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
