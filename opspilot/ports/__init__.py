"""What the engine needs of the outside, as small protocols in domain terms."""
