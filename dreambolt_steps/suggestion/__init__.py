"""Names, descriptions, semantic types and units for columns, proposed by a language model and
checked."""
