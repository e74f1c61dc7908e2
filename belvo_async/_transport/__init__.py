"""Requests on the wire: all that is known of aiohttp, and of its errors."""
