"""Every cause there is: one a file, a folder an area; `registry` has them in their order."""
