"""The command line: it parses, calls operations and draws what they tell. No logic lives here."""
