"""Bridges to other projects, each with an extra of its own."""
