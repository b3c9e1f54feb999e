"""Hashes, signatures and encryption behind one small interface; a suite chooses the algorithms."""
