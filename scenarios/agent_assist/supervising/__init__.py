"""What a supervisor sees: the calls that are going on, those that were kept, figures, a table, and rules run again."""
