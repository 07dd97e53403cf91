"""The demo set: a few hundred invented French patients with several years of care, the same for the same seed."""
