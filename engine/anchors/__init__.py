"""Places outside the database where checkpoints are kept: one file per kind."""
