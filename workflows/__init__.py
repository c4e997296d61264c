"""The workflows that ship, as data, and their named guards."""
