"""One module a part of the screens."""
