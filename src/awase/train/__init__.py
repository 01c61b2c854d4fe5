"""One loop, its optimiser and schedule, and checkpoints."""
