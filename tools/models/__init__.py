"""From Belvo's OpenAPI document to the modules of `belvo_async.models`, one for each data resource.

- `trim` keeps the facts of the document in `schema.json`, without its prose, and its examples for the tests.
- `schema` reads the facts: the resources, their operations, and what their objects consist of.
- `names` says what a class, a field and a member of an enumeration are called.
- `classes` writes the models, as `text`.
- `python -m tools.models` writes the modules; `make models` does it.
"""
