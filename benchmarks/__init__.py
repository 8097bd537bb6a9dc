"""How fast the package is next to others, on the same machine and work."""
