"""What deserves a look, found in one place: for the terminal, the report and JSON lines alike."""
