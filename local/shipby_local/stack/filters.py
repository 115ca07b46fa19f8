"""Event patterns of event source mappings: which stream records a mapping wants.

Source: AWS Lambda developer guide, "Control which events Lambda sends to your function" (filter rule syntax).
"""

from typing import Any

from shipby_local.stack.errors import TemplateError

_NUMERIC = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Whether `event` satisfies every key of `pattern`. Raises TemplateError for a rule that is not known."""
    for key, rule in pattern.items():
        if key == "$or":
            if not any(matches(choice, event) for choice in rule):
                return False
            continue
        present = isinstance(event, dict) and key in event
        value = event[key] if present else None
        if isinstance(rule, dict):
            if not matches(rule, value):
                return False
        elif not any(_alternative(choice, value, present) for choice in rule):
            return False
    return True


def _alternative(choice: Any, value: Any, present: bool) -> bool:
    if isinstance(value, list):
        return any(_alternative(choice, entry, True) for entry in value)
    if not isinstance(choice, dict):
        return present and value == choice
    operator, operand = next(iter(choice.items()))
    if operator == "exists":
        return present is bool(operand)
    if not present:
        return False
    if operator == "prefix":
        return isinstance(value, str) and value.startswith(operand)
    if operator == "suffix":
        return isinstance(value, str) and value.endswith(operand)
    if operator == "equals-ignore-case":
        return isinstance(value, str) and value.casefold() == str(operand).casefold()
    if operator == "anything-but":
        if isinstance(operand, dict):
            return not _alternative(operand, value, present)
        return value not in (operand if isinstance(operand, list) else [operand])
    if operator == "numeric":
        tests = zip(operand[::2], operand[1::2], strict=True)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and all(_NUMERIC[sign](value, limit) for sign, limit in tests)
    raise TemplateError(f"The filter rule {choice} is not known to the embedded stack.")
