"""A slow, obvious second opinion on what a program did, and the programs it is asked about."""
