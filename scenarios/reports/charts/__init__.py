"""Charts of a report: vectors with their letters as paths, and pixels, readable in black and white."""
