"""Models of the body's own physiology, one folder a subject."""
