"""Writes the models and the calls of Belvo's data resources from its schema: `make models`.

`schema.json` holds what they need to know of it: facts, no prose. `python -m tools.models.trim FILE` makes it
anew from an official schema.
"""
