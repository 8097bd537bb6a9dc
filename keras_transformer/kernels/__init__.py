"""What one backend needs to be fast; the same mathematics on the others."""
