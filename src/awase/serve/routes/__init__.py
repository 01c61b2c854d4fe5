"""One file for each thing the server does: ``answer(collection, body) -> dict``, called in a thread of a lane.

The body fits its schema in ``awase.serve.openapi`` when an answer is asked for it; what a schema cannot say is checked here.
"""
