"""One file of the folder to its text and tables, as they stand."""
