// Placeholder until the target's files are here.
