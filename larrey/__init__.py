"""Larrey: the open digital platform of a hospital group."""

__version__ = "0.1.0"
