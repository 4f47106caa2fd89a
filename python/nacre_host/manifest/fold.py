"""A constant folder: values of expressions that need no running (plugin contract 2.6)."""

import ast
import operator
from dataclasses import dataclass

# What one value may weigh: an element is 1, a text 1 for each 32 characters. An upper bound: a value that is named
# twice weighs twice, for it is written, compared and hashed twice.
WEIGHT_MAX = 100_000
# What all expressions of one manifest may weigh together.
WORK_MAX = 2_000_000
DEPTH_MAX = 60
INTEGER_BITS_MAX = 64

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}


class Unreadable(Exception):
    """The expression needs running."""


@dataclass(frozen=True)
class Known:
    """A value with what it costs to go through it."""

    value: object
    weight: int = 1
    depth: int = 0


class Names(dict[str, Known]):
    """The names of one manifest that are bound to known values, and what reading them has cost so far."""

    work = 0

    def fold(self, node: ast.expr) -> Known:
        """The value of an expression of constants, containers, known names, subscripts, + - * // and plain f-strings.

        Raises Unreadable for everything else, and for what is too large to be a manifest's.
        """
        folding = _Folding(self)
        value = folding.fold(node, 0)
        return Known(value, folding.weight, folding.depth)

    def with_item(self, held: Known, key: Known, content: Known) -> Known:
        """A dict with one item more. Raises Unreadable."""
        folding = _Folding(self)
        folding.spend(held.weight + key.weight + content.weight)
        folding.reach(max(held.depth, content.depth + 1))
        value = _attempt(lambda: {**held.value, key.value: content.value})
        return Known(value, folding.weight, folding.depth)

    def without_item(self, held: Known, key: object) -> Known:
        """A dict without one of its items. Raises Unreadable."""
        _Folding(self).spend(held.weight)
        return Known({name: value for name, value in held.value.items() if name != key}, held.weight, held.depth)


class _Folding:
    """One expression."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.weight = 0
        self.depth = 0

    def spend(self, weight: int) -> None:
        self.weight += weight
        self._names.work += weight
        if self.weight > WEIGHT_MAX or self._names.work > WORK_MAX:
            raise Unreadable

    def reach(self, depth: int) -> None:
        self.depth = max(self.depth, depth)
        if depth > DEPTH_MAX:
            raise Unreadable

    def fold(self, node: ast.expr, depth: int) -> object:
        self.reach(depth)
        self.spend(1)

        def inner(child: ast.expr) -> object:
            return self.fold(child, depth + 1)

        match node:
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.Name(id=name) if name in self._names:
                known = self._names[name]
                self.spend(known.weight)
                self.reach(depth + known.depth)
                return known.value
            case ast.List(elts=elements):
                return [inner(element) for element in elements]
            case ast.Tuple(elts=elements):
                return tuple(inner(element) for element in elements)
            case ast.Set(elts=elements):
                return _attempt(lambda: {inner(element) for element in elements})
            case ast.Dict():
                return _fold_dict(node, inner)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _attempt(lambda: -inner(operand))
            case ast.BinOp(op=op, left=left, right=right) if type(op) in OPERATORS:
                return self._compute(OPERATORS[type(op)], inner(left), inner(right))
            case ast.Subscript(value=value, slice=key):
                return _attempt(lambda: inner(value)[inner(key)])
            case ast.JoinedStr(values=parts):
                return "".join(self._part(part, inner) for part in parts)
        raise Unreadable

    def _constant(self, value: object) -> object:
        if isinstance(value, (str, bytes)):
            self.spend(len(value) // 32)
        return _whole(value)

    def _part(self, part: ast.expr, inner) -> str:
        match part:
            case ast.Constant(value=str(text)):
                return self._constant(text)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                text = _attempt(lambda: str(inner(value)))
                self.spend(len(text) // 32)
                return text
        raise Unreadable

    def _compute(self, function, left: object, right: object) -> object:
        # "x" * 10**9 and 10**9 * 10**9 * … must not cost memory or time.
        factors = [side for side in (left, right) if isinstance(side, int)]
        if function is operator.mul and len(factors) == 1 and not isinstance(left, float) and not isinstance(right, float):
            # All that was folded so far is an upper bound of what is repeated.
            self.spend(self.weight * max(0, factors[0] - 1))
        return _whole(_attempt(lambda: function(left, right)))


def _fold_dict(node: ast.Dict, inner) -> dict:
    result: dict = {}
    for key, value in zip(node.keys, node.values):
        if key is None:
            result.update(_attempt(lambda: dict(inner(value))))
        else:
            name, content = inner(key), inner(value)
            _attempt(lambda: result.__setitem__(name, content))
    return result


def _whole(value: object) -> object:
    if isinstance(value, int) and value.bit_length() > INTEGER_BITS_MAX:
        raise Unreadable
    return value


def _attempt(compute):
    try:
        return compute()
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise Unreadable from error
