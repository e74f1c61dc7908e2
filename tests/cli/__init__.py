"""Tests of the sandbox, over real sockets, with nothing of ours on the client's side."""
