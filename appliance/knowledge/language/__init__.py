"""The words of both languages: cleaned, folded, cut, weighed as figures."""
