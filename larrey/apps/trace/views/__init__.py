"""The pages of the room, a module for each reader: check, call, render."""
