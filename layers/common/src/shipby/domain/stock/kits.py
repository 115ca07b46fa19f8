"""Kits: what is sold as one and kept as several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from shipby.domain.errors import InvalidInputError
from shipby.domain.stock.item import StockItem

DEEPEST = 5
"""Kits within kits."""
MOST_PARTS = 50
MOST_OF_A_PART = 1000


def check_kit(sku: str, components: Mapping[str, int], item_of: Callable[[str], StockItem | None]) -> None:
    """Raises InvalidInputError for a kit that is in itself, however far down, that is nested too deep, or has a
    component that is not kept."""
    for part, count in components.items():
        if not 1 <= count <= MOST_OF_A_PART:
            problem = f"1 to {MOST_OF_A_PART} pieces of a component"
            raise InvalidInputError(f"{count} of {part} in a kit", errors=[(f"components/{part}", problem)])
    if len(components) > MOST_PARTS:
        raise InvalidInputError("too many components", errors=[("components", f"at most {MOST_PARTS}")])
    _walk(sku, components, item_of, (sku,))


def _walk(
    sku: str, components: Mapping[str, int], item_of: Callable[[str], StockItem | None], above: tuple[str, ...]
) -> None:
    for part in components:
        if part in above:
            way = " > ".join((*above, part))
            raise InvalidInputError(f"kit {sku} would be in itself: {way}", errors=[(f"components/{part}", way)])
        found = item_of(part)
        if found is None:
            problem = "not kept in this pool: book its first receipt"
            raise InvalidInputError(f"component {part} is unknown", errors=[(f"components/{part}", problem)])
        if found.is_kit:
            if len(above) >= DEEPEST:
                raise InvalidInputError("kits are nested too deep", errors=[("components", f"at most {DEEPEST} deep")])
            _walk(sku, found.components, item_of, (*above, part))


def height(components: Mapping[str, int], item_of: Callable[[str], StockItem | None]) -> int:
    """How many kits stand within each other in a checked kit, itself included; 0 where there are no components."""
    if not components:
        return 0
    below = (found.components for part in components if (found := item_of(part)) is not None)
    return 1 + max((height(each, item_of) for each in below), default=0)


def check_holders(sku: str, tall: int, kits: Iterable[StockItem]) -> None:
    """Raises InvalidInputError where a kit that has `sku` in it, however far down, would be nested too deep once `sku`
    is `tall`: its stock could be read no more."""
    made_of = {kit.sku: kit.components for kit in kits if kit.is_kit and kit.sku != sku}
    holders = {sku}
    while holders := {name for name, parts in made_of.items() if not holders.isdisjoint(parts)}:
        tall += 1
        if tall > DEEPEST:
            told = f"kit {min(holders)}, which has {sku} in it, would be nested more than {DEEPEST} deep"
            raise InvalidInputError(told, errors=[("components", told)])


def parts_of(sku: str, items: Mapping[str, StockItem]) -> dict[str, int] | None:
    """Plain SKU -> pieces of it in one `sku`; None where the SKU, or anything that it is made of, is not kept."""
    found: dict[str, int] = {}
    waiting: list[tuple[str, int, int]] = [(sku, 1, 0)]
    while waiting:
        name, count, depth = waiting.pop()
        item = items.get(name)
        if item is None or depth > DEEPEST:
            return None
        if item.is_kit:
            waiting += [(part, count * each, depth + 1) for part, each in item.components.items()]
        else:
            found[name] = found.get(name, 0) + count
    return found


def free_of(sku: str, items: Mapping[str, StockItem]) -> int:
    """How many of a SKU may still be promised; of a kit, what its scarcest component makes."""
    parts = parts_of(sku, items)
    return min((items[part].free // each for part, each in parts.items()), default=0) if parts else 0
