"""What kind of paper each file of a folder is, and whose."""
