"""Documents as they stand: every row of every table, header rows too, beside the text; for packs that read tables."""
