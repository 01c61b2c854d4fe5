"""The kernel of a recipe beside the generic step, which defines what it computes."""

import numpy as np
from side_by_side import compare

from awase.train.step import Generic, choose

_WARM = 0.01  # Adagrad's squares at the start: from 0, a gradient that is only rounding takes a whole step


def assert_equal_steps(parts, plan, *, kernel: str, batch: int, epochs: int, atol: float) -> dict[str, np.ndarray]:
    """Asserts that the kernel named takes the generic step at every batch, and all batches of an epoch in one call as one by one.

    parts() makes encoder, batcher, score and loss anew. Returns the parameters that the kernel leaves.
    """
    fused, whole, generic = choose(*parts(), plan), choose(*parts(), plan), Generic(*parts(), plan)
    assert fused.name == whole.name == kernel
    assert set(fused.parameters) == set(generic.parameters) - {"loss"}
    for squares in (squares for step in (fused, whole, generic) for squares in step.state.values()):
        squares[...] = _WARM
    start = {name: array.copy() for name, array in fused.parameters.items()}
    arrays = fused.parameters | fused.state
    n = -(-len(fused) // batch)
    edges, schedule, losses = np.arange(n + 1) * len(fused) // n, np.linspace(1, 0.1, n), []

    def taking(step, losses):
        def take(k: int) -> float:
            epoch, at = divmod(k, n)
            rows = _order(step, epoch)[edges[at] : edges[at + 1]]
            losses.append(step.run(rows, np.array([0, len(rows)]), epoch, schedule[at : at + 1]))
            return losses[-1]

        return take

    others = generic.parameters | generic.state
    compare(
        (taking(fused, losses), arrays),
        (taking(generic, []), {name: others[name] for name in arrays}),
        n * epochs,
        rtol=1e-4,
        atol=atol,
    )
    in_one_call = [whole.run(_order(whole, epoch), edges, epoch, schedule) for epoch in range(epochs)]
    np.testing.assert_allclose(sum(in_one_call), sum(losses), rtol=1e-9)
    for name, array in (whole.parameters | whole.state).items():
        assert array.tobytes() == arrays[name].tobytes(), f"{name}: batches in one call are not those in many"
    for name, array in fused.parameters.items():
        assert np.abs(array - start[name]).max() > 0.05, f"nothing was trained in {name}"
    return fused.parameters


def _order(step, epoch: int) -> np.ndarray:
    order = step.order(epoch)
    return np.arange(len(step)) if order is None else order
