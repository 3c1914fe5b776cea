"""Where the work of a step is done: in this process, or by the workers of a Ray cluster."""
