"""A pilot: a first sync of at most 500 real contacts of one source, watched, and taken back with one click."""
