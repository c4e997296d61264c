"""The only part that picks implementations: it puts offices, homes and their databases together."""
