"""A seal's key that another user of the system holds: the program that has it, and what asks it."""
