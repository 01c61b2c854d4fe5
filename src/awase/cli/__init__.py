"""The command line: one file a verb. Each parses, calls a room and prints; none of them computes.

stdout is data and nothing else, stderr is progress and errors, ``--json`` works everywhere, 0 means done, 1 that it could not be
done, 2 that the command line was wrong.
"""
