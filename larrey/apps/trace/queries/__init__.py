"""What the pages of the room read, a module for each screen. Every function takes the cursor and the caller."""
