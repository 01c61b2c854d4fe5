"""Asking memory for a row before it is needed: where rows are picked at random, a kernel otherwise waits for most of its time."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from awase.kernels.lazy import njit

_LINE_BYTES = 64


@intrinsic
def _prefetch(context, table, row, column):
    """The machine's hint for one element of a matrix; where there is none, nothing."""

    def generate(context, builder, signature, arguments):
        matrix = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = cgutils.get_item_pointer(context, builder, signature.args[0], matrix, arguments[1:])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        hint = builder.module.declare_intrinsic("llvm.prefetch", (place.type,), kind)
        for_writing, keep_near, data = number(1), number(3), number(1)
        builder.call(hint, [place, for_writing, keep_near, data])
        return context.get_dummy_value()

    return types.void(table, types.intp, types.intp), generate


@njit(cache=True, nogil=True)
def prefetch_row(table, row):
    """Asks for a row of a matrix, which is about to be changed. It changes no result."""
    for column in range(0, table.shape[1], _LINE_BYTES // table.itemsize):
        _prefetch(table, row, column)  # pyright: ignore[reportCallIssue], numba gives the first argument
