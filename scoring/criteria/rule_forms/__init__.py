"""Rules as forms: every kind and parameter of the engine to fill in, to try out at once, and to keep cases of."""
