"""Letters for patterns: `re` has no class for capitals of all scripts."""

CAPITAL = "[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚΆ-ΏΑ-ΫА-ЯЁЄІЇ]"
LETTER = r"[^\W\d_\u3400-\u9fff]"
