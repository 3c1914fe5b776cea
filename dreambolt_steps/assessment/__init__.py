"""Whether synthetic rows are good: like the real ones, within the rules, and no copies."""
