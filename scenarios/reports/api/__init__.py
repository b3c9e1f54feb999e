"""The actions of the pack: requests, answers, and what runs between them."""
