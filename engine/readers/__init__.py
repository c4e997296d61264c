"""Text in, plain data out: one file per format."""
