"""How a decided message becomes bytes and leaves the house."""
