"""The screens. Views only read what came in, call one use case or query, and render."""
