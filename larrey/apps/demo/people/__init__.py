"""Who the invented people are: ``person`` draws them, ``patient`` writes them as Patient resources."""
