"""Use cases that both front ends call; they yield Progress."""
