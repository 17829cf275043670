"""What happens when the term of a service ends: it is renewed, or it ends."""
