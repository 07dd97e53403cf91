"""Ground storey: errors, clock, ids, JSON codec, text normalisation. No I/O, no framework."""
