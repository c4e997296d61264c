"""The pure heart: definitions, decisions, deadlines and the log's formats. No I/O, no clock."""
