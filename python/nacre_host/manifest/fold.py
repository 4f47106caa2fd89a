"""A constant folder: values of expressions that need no running (plugin contract 2.6)."""

import ast
import operator
from collections.abc import Mapping

ITEMS_MAX = 100_000
DEPTH_MAX = 60

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}


class Unreadable(Exception):
    """The expression needs running."""


def fold(node: ast.expr, names: Mapping[str, object], depth: int = 0) -> object:
    """The value of an expression of constants, containers, known names, subscripts, + - * // and plain f-strings.

    Raises Unreadable for everything else, and for results that are too large to be a manifest's.
    """
    if depth > DEPTH_MAX:
        raise Unreadable

    def inner(child: ast.expr) -> object:
        return fold(child, names, depth + 1)

    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in names:
            return names[name]
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
            return _compute(OPERATORS[type(op)], inner(left), inner(right))
        case ast.Subscript(value=value, slice=key):
            return _attempt(lambda: inner(value)[inner(key)])
        case ast.JoinedStr(values=parts):
            return "".join(_fold_part(part, inner) for part in parts)
    raise Unreadable


def _fold_dict(node: ast.Dict, inner) -> dict:
    result: dict = {}
    for key, value in zip(node.keys, node.values):
        if key is None:
            result.update(_attempt(lambda: dict(inner(value))))
        else:
            name, content = inner(key), inner(value)
            _attempt(lambda: result.__setitem__(name, content))
    return result


def _fold_part(part: ast.expr, inner) -> str:
    match part:
        case ast.Constant(value=str(text)):
            return text
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return str(inner(value))
    raise Unreadable


def _compute(function, left: object, right: object) -> object:
    # "x" * 10**9 and 10**9 * 10**9 * … must not cost memory or time.
    sizes = [len(side) for side in (left, right) if isinstance(side, (str, bytes, list, tuple))]
    factors = [side for side in (left, right) if isinstance(side, int)]
    if any(abs(factor) > 2**63 for factor in factors):
        raise Unreadable
    if function is operator.mul and sizes and factors and sizes[0] * max(factors) > ITEMS_MAX:
        raise Unreadable
    if sum(sizes) > ITEMS_MAX:
        raise Unreadable
    return _attempt(lambda: function(left, right))


def _attempt(compute):
    try:
        return compute()
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise Unreadable from error
