"""A kept run made anew from its raw answers: nothing is asked of any system, and what does not match is said."""
