"""Ways to run the probe where tool calls run: one executor a file, behind one protocol."""
