"""Many ids looked for at once: what was pasted, what was asked and kept, what its page prints."""
