"""What the hot path costs in instructions, which no other work on the machine changes."""
