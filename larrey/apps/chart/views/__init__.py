"""The pages of the room, a module for each screen: check, call, render."""
