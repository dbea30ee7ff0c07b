"""Every fault by its name: what a provider can do to a request."""
