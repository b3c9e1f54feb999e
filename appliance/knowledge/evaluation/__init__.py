"""Golden questions, figures and the fitting of weights."""
