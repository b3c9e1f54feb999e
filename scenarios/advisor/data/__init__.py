"""The bank's data: files, their checks, and one immutable dataset for each tenant."""
