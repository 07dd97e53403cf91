"""Wiring: the one command line, one file per command."""
