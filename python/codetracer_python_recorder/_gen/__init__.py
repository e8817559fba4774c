"""Generated modules. Written by `just gen`; do not edit."""
