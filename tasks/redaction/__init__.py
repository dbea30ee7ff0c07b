"""Personal data out of a text and back into it: what a model, a log or Sentry may see."""
