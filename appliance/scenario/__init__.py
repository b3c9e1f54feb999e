"""The runtime of scenario packs: load, validate, run."""
