"""The arguments of each step, declared once: names, types, defaults, help, limits. What registers,
checks, parses and documents them reads these declarations; nothing here imports DataDreamer."""
