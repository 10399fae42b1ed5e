"""Editing a draft set by hand: its tree, the details of the set and of each node, its profiles."""
