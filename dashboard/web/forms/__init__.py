"""Text from people to typed values. What cannot be read is refused beside its field, never dropped."""
