"""The pages of people, and the endpoints of programs."""
