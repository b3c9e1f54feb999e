"""Signed packages (`.lmab`): their signature, manifest and archive, and the store that they are installed into."""
