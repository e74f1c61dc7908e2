"""HTTP requests and responses as plain values: what the pure layers build and read."""

from belvo_async._http.messages import Repeat, Request, Response, SearchForms

__all__ = ["Repeat", "Request", "Response", "SearchForms"]
