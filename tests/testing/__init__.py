"""Tests of the help that we give to our users' tests."""
