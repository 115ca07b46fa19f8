"""Plain Python values <-> DynamoDB's attribute values, and the exact size of an item.

boto3's own TypeSerializer does this too, at ten times the work per item and with Decimals for every integer.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

Plain: TypeAlias = "bool | int | str | Decimal | Sequence[Plain] | Mapping[str, Plain] | None"
Wire: TypeAlias = dict[str, Any]
"""An attribute value such as {"S": "text"}."""
Item: TypeAlias = dict[str, Wire]


def to_wire(value: object) -> Wire:
    """One attribute value. Raises TypeError for a float: money and times have exact types."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | Decimal):
        return {"N": str(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, Mapping):
        return {"M": {key: to_wire(item) for key, item in value.items()}}
    if isinstance(value, Sequence):
        return {"L": [to_wire(item) for item in value]}
    raise TypeError(f"{type(value).__name__} cannot be stored: {value!r}")


def from_wire(value: Wire) -> Any:
    """The plain value: whole numbers as int, others as Decimal, sequences as list."""
    ((kind, content),) = value.items()
    if kind in ("S", "BOOL"):
        return content
    if kind == "N":
        return int(content) if content.isdecimal() else _whole_or_decimal(content)
    if kind == "L":
        return [from_wire(item) for item in content]
    if kind == "M":
        return {key: from_wire(item) for key, item in content.items()}
    if kind == "NULL":
        return None
    raise TypeError(f"the store never writes attributes of type {kind}")


def _whole_or_decimal(text: str) -> int | Decimal:
    number = Decimal(text)
    # DynamoDB writes large round numbers as 1E+20.
    return int(number) if number == number.to_integral_value() else number


def item_to_wire(item: Mapping[str, object]) -> Item:
    """All attributes of an item."""
    return {name: to_wire(value) for name, value in item.items()}


def item_from_wire(item: Mapping[str, Wire]) -> dict[str, Any]:
    """All attributes of an item, plain."""
    return {name: from_wire(value) for name, value in item.items()}


def item_size(item: Mapping[str, Wire]) -> int:
    """Bytes that DynamoDB counts for an item.

    Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats": names and strings in UTF-8, numbers one
    byte per two significant digits plus one, lists and maps 3 bytes plus one per element, null and boolean one byte.
    """
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Wire) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(item) for name, item in content.items())
        case "L":
            return 3 + sum(1 + _size(item) for item in content)
    return 1


def _number_size(text: str) -> int:
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise TypeError(f"{text} is not a number DynamoDB can hold")
    # Digits are kept in pairs that start at the decimal point, so an odd exponent may cost one more byte.
    pairs = (len(digits) + 1 + (exponent % 2 if len(digits) % 2 == 0 else 0)) // 2
    return pairs + 1 + sign
