"""Made-up companies and their papers: for the tour, the tests and whoever wants to try the reports."""
