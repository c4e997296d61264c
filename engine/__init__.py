"""Skede: a case engine driven by state machines, with deadlines, mail and a log that is evidence."""

__version__ = "0.1.0"
