"""Values too large or too deep to be a manifest's, however they came about."""

ELEMENTS_MAX = 200_000
TEXT_MAX = 4 * 1024 * 1024
DEPTH_MAX = 60


def oversize(value: object) -> str | None:
    """What is too much about a value, counted as JSON would write it; None where nothing is."""
    elements = characters = 0
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        elements += 1
        if depth > DEPTH_MAX:
            return f"is nested more than {DEPTH_MAX} deep"
        if isinstance(item, (str, bytes)):
            characters += len(item)
        elif isinstance(item, dict):
            waiting.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, (list, tuple, set, frozenset)):
            waiting.extend((part, depth + 1) for part in item)
        if elements + len(waiting) > ELEMENTS_MAX:
            return f"has more than {ELEMENTS_MAX} elements"
        if characters > TEXT_MAX:
            return f"has more than {TEXT_MAX} characters"
    return None
