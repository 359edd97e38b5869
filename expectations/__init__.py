"""What we demand of the data others send before a figure is made of it."""
