"""Notes on securities and markets (个股诊断): what the files say, quoted and in order; no recommendation."""
