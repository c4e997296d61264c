"""The use cases: one verb a file, one transaction a command."""
