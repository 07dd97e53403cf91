"""What the invented courses of care are made of: a hand-made selection of codes with French labels."""
