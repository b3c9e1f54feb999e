"""Writing: sections from an outline, a dossier and an analysis, each sentence with what it rests on."""
