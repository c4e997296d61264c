"""Core objects out, one file per format."""
